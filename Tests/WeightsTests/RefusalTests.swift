import TestSupport
import Testing

@testable import Weights

/// Updates that do not fit together are refused with the place and both sides, before any of their data is read.
struct RefusalTests {
    func model(_ arrays: [WeightsArray]) throws -> ModelFile {
        try ModelFile.open(MemorySource(ModelFile.npz(arrays)))
    }

    func ones(_ shape: [Int]) -> WeightsArray {
        WeightsArray([Float](repeating: 1, count: shape.reduce(1, *)), shape: shape)
    }

    func refusal(_ models: [ModelFile], weights: [Double]? = nil) -> WeightsError? {
        WeightsTests.refusal { () throws(WeightsError) in
            let updates = zip(models, weights ?? models.map { _ in 1 }).map(WeightedUpdate.init)
            _ = try FedAvg().aggregate(updates, modelID: "m").collect()
        }
    }

    @Test func noUpdatesHaveNoMean() {
        #expect(refusal([]) == .noUpdates)
    }

    @Test func anotherCountOfArraysIsRefused() throws {
        let one = try model([ones([2])])
        let two = try model([ones([2]), ones([2])])
        #expect(refusal([one, two]) == .update(1, .arrayCountMismatch(expected: 1, found: 2)))
        #expect(refusal([two, two, one]) == .update(2, .arrayCountMismatch(expected: 2, found: 1)))
    }

    /// numpy would broadcast the first three of these.
    @Test(arguments: [[1], [1, 4], [3, 1], [4, 3], [12], [], [3, 4, 1]])
    func anotherShapeIsRefused(_ shape: [Int]) throws {
        let first = try model([ones([1]), ones([3, 4])])
        let other = try model([ones([1]), ones(shape)])
        #expect(
            refusal([first, first, other])
                == .update(2, .shapeMismatch(array: 1, expected: [3, 4], found: shape))
        )
    }

    @Test func anotherTypeIsRefused() throws {
        let float = try model([ones([1])])
        let integer = try #require(ArrayDescriptor(.int32, shape: [1]))
        let other = try model([WeightsArray(integer, bytes: [1, 0, 0, 0])])
        #expect(
            refusal([float, other])
                == .update(1, .elementTypeMismatch(array: 0, expected: .float32, found: .int32))
        )
    }

    @Test func truthValuesAreNotAveraged() throws {
        let descriptor = try #require(ArrayDescriptor(.bool, shape: [1]))
        let truth = try model([ones([1]), WeightsArray(descriptor, bytes: [1])])
        #expect(refusal([truth]) == .update(0, .notAveraged(array: 1, .bool)))
    }

    @Test func anotherFormatIsRefused() throws {
        let vector = try ModelFile.open(MemorySource([UInt8](repeating: 0, count: 8)), as: .binary)
        #expect(
            refusal([vector, try model([ones([1])])])
                == .update(1, .formatMismatch(expected: "binaryhelper", found: "numpyhelper"))
        )
    }

    @Test(arguments: [0, -1, -0.5, Double.nan, .infinity, -.infinity])
    func whatIsNoWeightIsRefused(_ weight: Double) throws {
        let one = try model([ones([1])])
        guard case .update(1, .invalidWeight) = refusal([one, one], weights: [1, weight]) else {
            Issue.record("\(weight)")
            return
        }
    }

    @Test func weightsWithoutAFiniteSumAreRefused() throws {
        let one = try model([ones([1])])
        let weight = Double.greatestFiniteMagnitude
        #expect(refusal([one, one], weights: [weight, weight]) == .update(1, .invalidWeight(weight)))
    }

    /// The error tells which update to leave out; without it the others have a mean.
    @Test func damageInTheMiddleNamesItsUpdate() throws {
        let array = ones([3 * MeanStep.elementCountMax])
        let whole = ModelFile.npz([ones([2]), array])
        var damaged = whole
        damaged[whole.count / 2] ^= 1
        let models = try [whole, whole, damaged, whole].map { try ModelFile.open(MemorySource($0)) }
        guard case .update(2, .member("1.npy", .checksum)) = refusal(models) else {
            Issue.record("\(String(describing: refusal(models)))")
            return
        }
        #expect(refusal([models[0], models[1], models[3]]) == nil)
    }

    @Test func aSourceThatFailsNamesItsUpdate() throws {
        struct Broken: Error {}
        let bytes = ModelFile.npz([ones([5_000])])
        let failing = try ModelFile.open(FailingSource(MemorySource(bytes), after: 9, Broken()))
        let failure = refusal([try model([ones([5_000])]), failing])
        #expect(failure == .update(1, .unreadable(Underlying(Broken()))))
    }

    @Test func aSinkThatFailsEndsTheWriting() throws {
        struct Full: Error {}
        final class FullSink: ByteSink {
            func write(_: UnsafeRawBufferPointer) throws(WeightsError) { throw .unwritable(Underlying(Full())) }
        }
        let plan = try FedAvg().aggregate([WeightedUpdate(model([ones([2])]), weight: 1)], modelID: "m")
        let failure = WeightsTests.refusal { () throws(WeightsError) in try plan.write(to: FullSink()) }
        #expect(failure == .unwritable(Underlying(Full())))
    }

    /// Names that numpyhelper does not ask for make it fail.
    @Test(arguments: ["arr_0.npy", "00.npy", "0", "1.npy", "-0.npy", "+0.npy", "0.npy.npy", "files/", "0.NPY"])
    func aMemberThatTheClientDoesNotFindIsRefused(_ name: String) {
        let content = ArrayHeader.bytes(of: ones([0]).descriptor)
        let member = ZipLayout.Member(name, byteCount: Int64(content.count), checksum: CRC32.of(content))
        let layout = ZipLayout([member])
        let bytes = member.localHeader + content + layout.directory(checksums: [0])
        let failure = WeightsTests.refusal { () throws(WeightsError) in
            try ModelFile.check(MemorySource(bytes), as: .numpy)
        }
        #expect(failure == .unexpectedMember(name))
    }

    @Test(arguments: [-4, -1, 1, 4])
    func anArrayOfAnotherLengthThanItsShapeIsRefused(_ difference: Int) {
        let array = ones([9])
        var content = ArrayHeader.bytes(of: array.descriptor) + array.bytes + [0, 0, 0, 0]
        content.removeLast(4 - difference)
        let member = ZipLayout.Member("0.npy", byteCount: Int64(content.count), checksum: CRC32.of(content))
        let bytes = member.localHeader + content + ZipLayout([member]).directory(checksums: [0])
        let failure = WeightsTests.refusal { () throws(WeightsError) in
            try ModelFile.check(MemorySource(bytes), as: .numpy)
        }
        #expect(failure == .arrayByteCount(member: "0.npy", expected: 36, found: 36 + Int64(difference)))
    }
}
