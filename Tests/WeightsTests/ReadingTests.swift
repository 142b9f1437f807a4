import JSON
import TestSupport
import Testing

@testable import Weights

struct ReadingTests {
    @Test(arguments: WeightsFixture.names)
    func arraysEqualNumpys(_ name: String) throws {
        let expected = try ExpectedArray.all(WeightsFixture.json("reading.json")[name])
        try ExpectedArray.expect(WeightsFixture.model(name), expected, "\(name)")
    }

    @Test func everyDescribedFileIsTested() throws {
        #expect(try WeightsFixture.json("reading.json").object?.keys.sorted() == WeightsFixture.names)
    }

    @Test func digitsModelIsRead() throws {
        let model = try ModelFile.open(MemorySource(Fixture.bytes(of: "models/digits-mlp.npz")))
        #expect(model.arrays.map(\.shape) == [[64, 128], [128], [128, 64], [64], [64, 10], [10]])
        try model.verify()
    }

    @Test func containerMetadataIsRead() throws {
        let model = try WeightsFixture.model("container.zip")
        #expect(model.kind == .container)
        #expect(model.format == .numpy)
        #expect(model.modelID?.utf8.count == 36)
        #expect(model.metadata?["accuracy"]?.double == 0.5)
        #expect(model.metadata?["note"]?.string == "größer")
        try model.verify()
    }

    @Test func rawVectorsAreRead() throws {
        let binary = try WeightsFixture.model("binaryhelper-0.bin", as: .binary)
        #expect(binary.arrays == [ArrayDescriptor(.float64, shape: [50])])
        let android = try WeightsFixture.model("androidhelper-0.bin", as: .android)
        #expect(android.arrays == [ArrayDescriptor(.float32, shape: [50])])
        #expect(try android.array(0).bytes == Fixture.bytes(of: "weights/androidhelper-0.bin"))
    }

    @Test func androidContainerIsRead() throws {
        for format in [nil, WeightsFormat.android] {
            let model = try WeightsFixture.model("container-android.zip", as: format)
            #expect(model.format == .android)
            #expect(try model.array(0).values == [1.5, -2.25, 3])
        }
    }

    @Test func emptyRawVectorIsOneArray() throws {
        let model = try ModelFile.open(MemorySource([]), as: .binary)
        #expect(model.arrays == [ArrayDescriptor(.float64, shape: [0])])
        try model.verify()
    }

    @Test(arguments: [(WeightsFormat.binary, 9, 8), (.binary, 7, 8), (.android, 6, 4)])
    func vectorWithPartialElementIsRejected(_ format: WeightsFormat, byteCount: Int, elementByteCount: Int) {
        let source = MemorySource([UInt8](repeating: 0, count: byteCount))
        #expect(
            rejection { () throws(WeightsError) in _ = try ModelFile.open(source, as: format) }
                == .unevenByteCount(byteCount: Int64(byteCount), elementByteCount: elementByteCount)
        )
    }

    @Test func nonArchiveIsRejectedForNumpy() {
        let source = MemorySource(Array("not a model, but long enough to be one".utf8))
        #expect(rejection { () throws(WeightsError) in _ = try ModelFile.open(source, as: .numpy) } == .notAnArchive)
        #expect(rejection { () throws(WeightsError) in _ = try ModelFile.open(source) } == .unknownFormat)
    }

    @Test func vectorWithArchiveMagicNumberIsRead() throws {
        let bytes: [UInt8] = Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 7, count: 60)
        #expect(try ModelFile.open(MemorySource(bytes), as: .binary).kind == .raw)
    }

    @Test func containerOfAnotherHelperIsRejected() throws {
        let source = try WeightsFixture.source("container.zip")
        #expect(
            rejection { () throws(WeightsError) in _ = try ModelFile.open(source, as: .binary) }
                == .formatMismatch(expected: "binaryhelper", found: "numpyhelper")
        )
    }

    @Test func openingReadsOnlyHeaders() throws {
        let bytes = ModelFile.npz([WeightsArray([Float](repeating: 1, count: 1 << 20), shape: [1 << 20])])
        let source = CountingSource(MemorySource(bytes))
        _ = try ModelFile.open(source, as: .numpy)
        #expect(source.readByteCount < 70_000)
    }
}
