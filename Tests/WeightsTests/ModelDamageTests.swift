import TestSupport
import Testing

@testable import Weights

/// Reading a damaged file returns the arrays that were written or an error.
struct ModelDamageTests {
    static let small = ["comment-zip64.npz", "container-stored.zip", "container.zip", "versions.npz"]

    /// Returns all arrays of a model; nil if it is rejected.
    func arrays(of bytes: [UInt8]) -> [WeightsArray]? {
        do throws(WeightsError) {
            let model = try ModelFile.open(MemorySource(bytes), as: .numpy)
            var arrays: [WeightsArray] = []
            for index in model.arrays.indices { arrays.append(try model.array(index)) }
            return arrays
        } catch {
            return nil
        }
    }

    @Test(arguments: small)
    func truncatedFilesAreRejected(_ name: String) throws {
        let bytes = try Fixture.bytes(of: "weights/\(name)")
        for count in bytes.indices { #expect(arrays(of: Array(bytes.prefix(count))) == nil, "\(count) bytes") }
    }

    @Test(arguments: small)
    func flippedBitsDoNotChangeArrays(_ name: String) throws {
        let bytes = try Fixture.bytes(of: "weights/\(name)")
        let whole = arrays(of: bytes)
        for index in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[index] ^= 1 << UInt8(bit)
                let found = arrays(of: flipped)
                #expect(found == nil || found == whole, "bit \(bit) of byte \(index)")
            }
        }
    }

    @Test(arguments: WeightsFixture.names.filter { !small.contains($0) })
    func randomDamageDoesNotChangeArrays(_ name: String) throws {
        let bytes = try Fixture.bytes(of: "weights/\(name)")
        let whole = arrays(of: bytes)
        var random = SeededGenerator()
        for _ in 0..<200 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0...damaged.count, using: &random)) }
            let found = arrays(of: damaged)
            #expect(found == nil || found == whole, "SEED=\(SeededGenerator.runSeed)")
        }
    }

    @Test func randomBytesAfterTheMagicNumberAreRejected() {
        var random = SeededGenerator()
        for _ in 0..<500 {
            let noise = random.bytes(count: Int.random(in: 0...300, using: &random))
            #expect(arrays(of: Array("PK\u{3}\u{4}".utf8) + noise) == nil, "SEED=\(SeededGenerator.runSeed)")
        }
    }
}
