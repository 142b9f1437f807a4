import JSON
import TestSupport
import Testing

@testable import Weights

/// A file of any format is described, with the reason if it cannot be averaged.
struct ModelContentsTests {
    private typealias Array = ModelContents.NamedArray

    private static func examine(
        _ name: String,
        for helper: WeightsFormat = .numpy,
        as other: String? = nil
    ) throws -> ModelContents {
        let source = MemorySource(try Fixture.bytes(of: "formats/\(name)"))
        return try ModelContents.examine(source, named: other ?? name, for: helper)
    }

    private static func examine(
        _ bytes: [UInt8],
        named name: String,
        for helper: WeightsFormat = .numpy
    ) throws(WeightsError) -> ModelContents {
        try ModelContents.examine(MemorySource(bytes), named: name, for: helper)
    }

    @Test func positionalArraysOfNumpyAreAveraged() throws {
        let contents = try Self.examine("positional.npz")
        #expect(contents.format == .npz)
        #expect(contents.arrays == [Array("arr_0", "float32", [2, 3]), Array("arr_1", "float16", [3])])
        #expect(contents.obstacle == nil)
    }

    @Test(arguments: [
        ("two.safetensors", FileFormat.safetensors), ("two.gguf", .gguf), ("torch.pt", .pytorch),
        ("small.keras", .keras), ("weight.npy", .npy), ("state.pkl", .pickle),
    ])
    func formatIsFoundWhateverTheHelper(_ name: String, _ format: FileFormat) throws {
        for helper in WeightsFormat.allCases {
            let contents = try Self.examine(name, for: helper)
            #expect(contents.format == format)
            #expect(contents.obstacle?.hasPrefix("The file is \(format.phrase); averaged are") == true)
        }
    }

    @Test(arguments: ["two.safetensors", "two.gguf"])
    func arraysOfOtherFormatsAreListed(_ name: String) throws {
        // safetensors sorts its arrays by the alignment of their types, gguf keeps their order.
        let arrays = try #require(try Self.examine(name).arrays)
        #expect(Set(arrays) == [Array("weight", "float32", [2, 3]), Array("bias", "float16", [3])])
    }

    @Test func bytesDecideBeforeTheSuffix() throws {
        #expect(try Self.examine("two.gguf", as: "model.onnx").format == .gguf)
        #expect(try Self.examine("torch.pt", for: .binary, as: "pytorch_model.bin").format == .pytorch)
        #expect(try Self.examine("positional.npz", as: "model.pt").obstacle == nil)
    }

    /// 16 bytes are two 64-bit floats, and 9 are none, but neither makes a vector of an ONNX file.
    @Test(arguments: [9, 16])
    func lengthDoesNotDecideTheFormat(_ byteCount: Int) throws {
        let bytes = [UInt8](repeating: 8, count: byteCount)
        #expect(try Self.examine(bytes, named: "model.onnx", for: .binary).format == .onnx)
        #expect(try Self.examine(bytes, named: "model.bin", for: .binary).format == .raw)
        #expect(try Self.examine(bytes, named: "model.bin", for: .numpy).format == .unknown)
    }

    @Test func vectorWithoutAHeaderIsAveragedIfItsLengthFits() throws {
        let vector = try Self.examine([UInt8](repeating: 0, count: 16), named: "seed.bin", for: .binary)
        #expect(vector.arrays == [Array("0", "float64", [2])])
        #expect(vector.obstacle == nil)
        let uneven = try Self.examine([UInt8](repeating: 0, count: 9), named: "seed.bin", for: .binary)
        #expect(uneven.obstacle?.contains("not a multiple of the element size of 8 bytes") == true)
    }

    @Test func arraysWithOtherNamesAreListedButNotAveraged() throws {
        let contents = try Self.examine("named.npz")
        #expect(contents.arrays == [Array("weight", "float32", [2, 3]), Array("bias", "float16", [3])])
        #expect(contents.obstacle?.contains("np.savez(path, *arrays)") == true)
    }

    @Test func textsAreListedButNotAveraged() throws {
        let contents = try Self.examine("texts.npz")
        #expect(contents.arrays == [Array("arr_0", "<U2", nil), Array("arr_1", "float32", [2, 3])])
        #expect(contents.obstacle?.contains("<U2; only numbers are supported") == true)
        #expect(contents.object["parameter_count"] == .null)
    }

    @Test func archiveForAnotherHelperIsNotAveraged() throws {
        let contents = try Self.examine("positional.npz", for: .binary)
        #expect(contents.format == .npz)
        #expect(contents.obstacle == "The weights were written by numpyhelper; expected binaryhelper")
    }

    @Test func emptyFileIsRefused() throws {
        for name in ["model.npz", "model.onnx"] {
            #expect(throws: WeightsError.emptyFile) { try Self.examine([], named: name) }
        }
    }

    /// Such a file is damaged, or has the wrong name: its sender wants to know before a session fails.
    @Test func fileCalledNPZMustBeAnArchive() throws {
        let whole = try Fixture.bytes(of: "formats/positional.npz")
        #expect(throws: WeightsError.zip(.noEndOfDirectory)) {
            try Self.examine(Swift.Array(whole.dropLast(30)), named: "model.NPZ")
        }
        #expect(throws: WeightsError.notAnArchive) { try Self.examine([1, 2, 3], named: "model.npz") }
        #expect(try Self.examine([UInt8](repeating: 0, count: 8), named: "model.npz", for: .binary).obstacle == nil)
    }

    /// Of a damaged header the format is still known; nothing crashes, and memory does not depend on its numbers.
    @Test(arguments: ["two.safetensors", "two.gguf", "weight.npy"])
    func damagedHeaderIsDescribed(_ name: String) throws {
        let whole = try Fixture.bytes(of: "formats/\(name)")
        for count in 1..<whole.count { _ = try Self.examine(Swift.Array(whole[..<count]), named: name) }
        for index in whole.indices {
            for mask: UInt8 in [0xff, 0x80, 0x01] {
                var damaged = whole
                damaged[index] ^= mask
                _ = try Self.examine(damaged, named: name)
            }
        }
    }

    @Test func errorOfTheDiskIsNoObstacle() throws {
        struct Broken: Error {}
        for name in ["positional.npz", "two.gguf", "two.safetensors", "weight.npy", "torch.pt"] {
            let whole = MemorySource(try Fixture.bytes(of: "formats/\(name)"))
            var failureCount = 0
            for readCount in 0..<12 {
                let source = FailingSource(whole, after: readCount, Broken())
                do throws(WeightsError) { _ = try ModelContents.examine(source, named: name, for: .numpy) } catch {
                    #expect(error == .unreadable(Underlying(Broken())), "\(name)")
                    failureCount += 1
                }
            }
            #expect(failureCount > 0, "\(name)")
        }
    }

    @Test func documentListsTheFirstArrays() throws {
        let arrays = (0..<100).map { _ in WeightsArray([1, 2, 3], shape: [3]) }
        let object = try Self.examine(ModelFile.npz(arrays), named: "m.npz").object
        #expect(object["array_count"] == 100)
        #expect(object["parameter_count"] == 300)
        #expect(object["dtypes"] == ["float32"])
        #expect(object["arrays"]?.array?.count == ModelContents.listedCountMax)
        #expect(object["arrays"]?.array?.last == ["name": "63", "dtype": "float32", "shape": [3]])
        #expect(object["averageable"] == true)
        #expect(object["reason"] == .null)
    }
}
