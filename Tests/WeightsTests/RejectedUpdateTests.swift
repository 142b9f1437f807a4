import TestSupport
import Testing

@testable import Weights

/// Incompatible updates are rejected with their index and both values, before their data is read.
struct RejectedUpdateTests {
    func model(_ arrays: [WeightsArray]) throws -> ModelFile {
        try ModelFile.open(MemorySource(ModelFile.npz(arrays)))
    }

    func ones(_ shape: [Int]) -> WeightsArray {
        WeightsArray([Float](repeating: 1, count: shape.reduce(1, *)), shape: shape)
    }

    func rejection(_ models: [ModelFile], weights: [Double]? = nil) -> WeightsError? {
        WeightsTests.rejection { () throws(WeightsError) in
            let updates = zip(models, weights ?? models.map { _ in 1 }).map(WeightedUpdate.init)
            _ = try FedAvg().aggregate(updates, modelID: "m").collect()
        }
    }

    @Test func emptyListOfUpdatesIsRejected() {
        #expect(rejection([]) == .noUpdates)
    }

    @Test func differentArrayCountIsRejected() throws {
        let one = try model([ones([2])])
        let two = try model([ones([2]), ones([2])])
        #expect(rejection([one, two]) == .update(1, .arrayCountMismatch(expected: 1, found: 2)))
        #expect(rejection([two, two, one]) == .update(2, .arrayCountMismatch(expected: 2, found: 1)))
    }

    /// numpy would broadcast the first three of these.
    @Test(arguments: [[1], [1, 4], [3, 1], [4, 3], [12], [], [3, 4, 1]])
    func differentShapeIsRejected(_ shape: [Int]) throws {
        let first = try model([ones([1]), ones([3, 4])])
        let other = try model([ones([1]), ones(shape)])
        #expect(
            rejection([first, first, other])
                == .update(2, .shapeMismatch(array: 1, expected: [3, 4], found: shape))
        )
    }

    @Test func differentElementTypeIsRejected() throws {
        let float = try model([ones([1])])
        let integer = try #require(ArrayDescriptor(.int32, shape: [1]))
        let other = try model([WeightsArray(integer, bytes: [1, 0, 0, 0])])
        #expect(
            rejection([float, other])
                == .update(1, .elementTypeMismatch(array: 0, expected: .float32, found: .int32))
        )
    }

    @Test func booleansAreRejected() throws {
        let descriptor = try #require(ArrayDescriptor(.bool, shape: [1]))
        let truth = try model([ones([1]), WeightsArray(descriptor, bytes: [1])])
        #expect(rejection([truth]) == .update(0, .notAveraged(array: 1, .bool)))
    }

    @Test func differentFormatIsRejected() throws {
        let vector = try ModelFile.open(MemorySource([UInt8](repeating: 0, count: 8)), as: .binary)
        #expect(
            rejection([vector, try model([ones([1])])])
                == .update(1, .formatMismatch(expected: "binaryhelper", found: "numpyhelper"))
        )
    }

    @Test(arguments: [0, -1, -0.5, Double.nan, .infinity, -.infinity])
    func invalidWeightIsRejected(_ weight: Double) throws {
        let one = try model([ones([1])])
        guard case .update(1, .invalidWeight) = rejection([one, one], weights: [1, weight]) else {
            Issue.record("\(weight)")
            return
        }
    }

    @Test func infiniteSumOfWeightsIsRejected() throws {
        let one = try model([ones([1])])
        let weight = Double.greatestFiniteMagnitude
        #expect(rejection([one, one], weights: [weight, weight]) == .update(1, .invalidWeight(weight)))
    }

    /// The error names the update to exclude; the others can then be averaged.
    @Test func damageNamesItsUpdate() throws {
        let array = ones([3 * MeanStep.elementCountMax])
        let whole = ModelFile.npz([ones([2]), array])
        var damaged = whole
        damaged[whole.count / 2] ^= 1
        let models = try [whole, whole, damaged, whole].map { try ModelFile.open(MemorySource($0)) }
        guard case .update(2, .member("1.npy", .checksum)) = rejection(models) else {
            Issue.record("\(String(describing: rejection(models)))")
            return
        }
        #expect(rejection([models[0], models[1], models[3]]) == nil)
    }

    @Test func failedSourceNamesItsUpdate() throws {
        struct Broken: Error {}
        let bytes = ModelFile.npz([ones([5_000])])
        let failing = try ModelFile.open(FailingSource(MemorySource(bytes), after: 9, Broken()))
        let failure = rejection([try model([ones([5_000])]), failing])
        #expect(failure == .update(1, .unreadable(Underlying(Broken()))))
    }

    @Test func failedSinkEndsTheWriting() throws {
        struct Full: Error {}
        final class FullSink: ByteSink {
            func write(_: UnsafeRawBufferPointer) throws(WeightsError) { throw .unwritable(Underlying(Full())) }
        }
        let plan = try FedAvg().aggregate([WeightedUpdate(model([ones([2])]), weight: 1)], modelID: "m")
        let failure = WeightsTests.rejection { () throws(WeightsError) in try plan.write(to: FullSink()) }
        #expect(failure == .unwritable(Underlying(Full())))
    }

    /// Arrays with such names have no order.
    @Test(arguments: ["arr_1.npy", "00.npy", "0", "1.npy", "-0.npy", "+0.npy", "0.npy.npy", "files/", "0.NPY"])
    func unexpectedMemberIsRejected(_ name: String) {
        let content = ArrayHeader.bytes(of: ones([0]).descriptor)
        let member = ZipLayout.Member(name, byteCount: Int64(content.count), checksum: CRC32.of(content))
        let layout = ZipLayout([member])
        let bytes = member.localHeader + content + layout.directory(checksums: [0])
        let failure = WeightsTests.rejection { () throws(WeightsError) in
            _ = try ModelFile.open(MemorySource(bytes), as: .numpy)
        }
        #expect(failure == .unexpectedMember(name))
    }

    @Test(arguments: [-4, -1, 1, 4])
    func arrayWithWrongLengthIsRejected(_ difference: Int) {
        let array = ones([9])
        var content = ArrayHeader.bytes(of: array.descriptor) + array.bytes + [0, 0, 0, 0]
        content.removeLast(4 - difference)
        let member = ZipLayout.Member("0.npy", byteCount: Int64(content.count), checksum: CRC32.of(content))
        let bytes = member.localHeader + content + ZipLayout([member]).directory(checksums: [0])
        let failure = WeightsTests.rejection { () throws(WeightsError) in
            _ = try ModelFile.open(MemorySource(bytes), as: .numpy)
        }
        #expect(failure == .arrayByteCount(member: "0.npy", expected: 36, found: 36 + Int64(difference)))
    }
}
