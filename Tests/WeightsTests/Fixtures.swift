import JSON
import TestSupport
import Testing

@testable import Weights

/// The files of `fixtures/weights` and numpy's descriptions of them.
enum WeightsFixture {
    static func source(_ name: String) throws -> MemorySource {
        MemorySource(try Fixture.bytes(of: "weights/\(name)"))
    }

    static func model(_ name: String, as format: WeightsFormat? = nil) throws -> ModelFile {
        try ModelFile.open(source(name), as: format)
    }

    static func json(_ name: String) throws -> JSON {
        try JSON(parsing: Fixture.bytes(of: "weights/\(name)"))
    }

    /// The archives that `reading.json` describes.
    static let names = [
        "big-endian.npz", "comment-zip64.npz", "container-by-name.zip", "container-kept.zip",
        "container-large.zip", "container-stored.zip",
        "container.zip", "empty.npz", "fortran.npz", "shapes.npz", "twelve-by-name.npz", "twelve.npz",
        "types-deflated.npz", "types.npz", "versions.npz",
    ]
}

/// Numpy's description of an array.
struct ExpectedArray {
    let elementType: ElementType
    let isBigEndian: Bool
    let isFortranOrder: Bool
    let shape: [Int]
    /// Little-endian, in the order of the file, in hex; nil if the fixture does not include them.
    let bytes: String?

    init(_ json: JSON) throws {
        elementType = try #require(json["type"]?.string.flatMap(ElementType.init(rawValue:)))
        isBigEndian = json["big_endian"] == true
        isFortranOrder = json["fortran"] == true
        shape = try #require(json["shape"]?.array).map { Int(try #require($0.int)) }
        bytes = json["bytes"]?.string
    }

    static func all(_ json: JSON?) throws -> [ExpectedArray] {
        try #require(json?.array).map(ExpectedArray.init)
    }

    /// Compares a model with numpy's description.
    static func expect(_ model: ModelFile, _ expected: [ExpectedArray], _ comment: Comment) throws {
        #expect(model.arrays.count == expected.count, comment)
        for (index, (array, expected)) in zip(model.arrays, expected).enumerated() {
            #expect(array.elementType == expected.elementType, comment)
            #expect(array.isBigEndian == expected.isBigEndian, comment)
            #expect(array.isFortranOrder == expected.isFortranOrder, comment)
            #expect(array.shape == expected.shape, comment)
            guard let bytes = expected.bytes else { continue }
            #expect(try model.array(index).littleEndian == bytes, "array \(index)")
        }
    }
}

extension WeightsArray {
    /// The elements in hex, little-endian.
    var littleEndian: String {
        guard descriptor.isBigEndian else { return Hexadecimal.text(bytes) }
        let width = descriptor.elementType.byteCount
        let swapped = stride(from: 0, to: bytes.count, by: width).flatMap { bytes[$0..<$0 + width].reversed() }
        return Hexadecimal.text(swapped)
    }
}

extension AggregatedModel {
    /// The whole file, in memory.
    func collect() throws(WeightsError) -> [UInt8] {
        let sink = MemorySink()
        try write(to: sink)
        return sink.bytes
    }
}

/// Returns the error that `body` throws; nil if it succeeds.
func rejection(_ body: () throws(WeightsError) -> Void) -> WeightsError? {
    do throws(WeightsError) {
        try body()
        return nil
    } catch {
        return error
    }
}
