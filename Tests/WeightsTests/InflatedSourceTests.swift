import TestSupport
import Testing

@testable import Weights

struct InflatedSourceTests {
    /// The weights of `container-large.zip`: about half a megabyte, of which the source keeps the last quarter in
    /// memory.
    let source: any ByteSource
    let whole: [UInt8]

    init() throws {
        let container = try #require(WeightsFixture.model("container-large.zip").container)
        let member = try #require(container.member(named: "training_model.bin"))
        try #require(member.isDeflated)
        source = try container.source(of: member)
        whole = try container.content(of: member)
    }

    @Test func randomReadsReturnTheContent() throws {
        var random = SeededGenerator()
        for _ in 0..<30 {
            let offset = Int.random(in: 0...whole.count, using: &random)
            let count = Int.random(in: 0...min(9_000, whole.count - offset), using: &random)
            let found = try source.bytes(at: Int64(offset), count: count)
            #expect(found == Array(whole[offset..<offset + count]), "SEED=\(SeededGenerator.runSeed)")
        }
    }

    @Test func repeatedFullReadsAreAllowed() throws {
        for _ in 0..<50 { #expect(try source.bytes(at: 0, count: whole.count) == whole) }
    }

    /// The order of an archive's members must not make a small file expensive to read.
    @Test func repeatedRewindsAreRejected() throws {
        let last = Int64(whole.count - 3 * InflatedSource.tailByteCount)
        let failure = rejection { () throws(WeightsError) in
            for _ in 0..<1_000 {
                _ = try source.bytes(at: last, count: 1)
                _ = try source.bytes(at: 0, count: 1)
            }
        }
        #expect(failure == .member("training_model.bin", .tooManyRewinds))
    }

    @Test func damagedMemberIsRejected() throws {
        var bytes = try Fixture.bytes(of: "weights/container-large.zip")
        bytes[bytes.count / 2] ^= 1
        let failure = rejection { () throws(WeightsError) in _ = try ModelFile.open(MemorySource(bytes)) }
        guard case .member("training_model.bin", _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    /// Both reading the headers and averaging go through the arrays in file order.
    @Test func averagingInflatesOnce() throws {
        let bytes = try Fixture.bytes(of: "weights/container-large.zip")
        let counting = CountingSource(MemorySource(bytes))
        let model = try ModelFile.open(counting)
        // One pass each for the tail, the magic number and the headers; the file is shorter than one read.
        #expect(counting.readByteCount < 4 * bytes.count)
        let opened = counting.readByteCount
        _ = try FedAvg().aggregate([WeightedUpdate(model, weight: 1)], modelID: "m").collect()
        #expect(counting.readByteCount - opened < bytes.count + 10_000)
    }
}
