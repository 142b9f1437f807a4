package import JSON

/// What the bytes of a model's file show: its format, its arrays, and whether it can be averaged.
///
/// It becomes `contents` of the model's document; its shape is in docs/API.md, "Models".
package struct ModelContents: Sendable, Hashable {
    /// One array as its file describes it.
    package struct NamedArray: Sendable, Hashable {
        package let name: String
        /// The type of the elements, as numpy calls it where numpy has it: `float32`, `bfloat16`, `q4_k`.
        package let type: String
        /// The length of each dimension; nil if it could not be read.
        package let shape: [Int]?

        package init(_ name: String, _ type: String, _ shape: [Int]?) {
            self.name = name
            self.type = type
            self.shape = shape
        }
    }

    /// How many arrays the document lists; it counts all of them.
    package static let listedCountMax = 64

    package let format: FileFormat
    /// All arrays in the order of the file; nil if they cannot be read.
    package let arrays: [NamedArray]?
    /// Why the file cannot be averaged, as a sentence without its full stop; nil if it can.
    package let obstacle: String?

    /// Shape: `{"format", "array_count", "parameter_count", "dtypes", "arrays": [{"name", "dtype", "shape"}],
    /// "averageable", "reason"}`; what is not known is null.
    package var object: JSONObject {
        let types = arrays.map { arrays in Set(arrays.map(\.type)).sorted() }
        return [
            "format": .string(format.rawValue),
            "array_count": arrays.map { JSON($0.count) } ?? .null,
            "parameter_count": parameterCount.map { JSON($0) } ?? .null,
            "dtypes": types.map { .array($0.map(JSON.string)) } ?? .null,
            "arrays": arrays.map { .array($0.prefix(Self.listedCountMax).map(\.json)) } ?? .null,
            "averageable": .bool(obstacle == nil),
            "reason": JSON(obstacle),
        ]
    }

    /// The number of elements of all arrays; nil if a shape is not known or the number exceeds 64 bits.
    private var parameterCount: Int? {
        guard let arrays else { return nil }
        var sum = 0
        for array in arrays {
            guard let shape = array.shape, let count = shape.product else { return nil }
            let (next, isTooLarge) = sum.addingReportingOverflow(count)
            guard !isTooLarge else { return nil }
            sum = next
        }
        return sum
    }
}

extension ModelContents.NamedArray {
    fileprivate var json: JSON {
        [
            "name": .string(name), "dtype": .string(type),
            "shape": shape.map { .array($0.map { JSON($0) }) } ?? .null,
        ]
    }
}

extension [Int] {
    /// The product of the numbers; nil if it exceeds 64 bits.
    fileprivate var product: Int? {
        if contains(0) { return 0 }
        var product = 1
        for number in self {
            let (next, isTooLarge) = product.multipliedReportingOverflow(by: number)
            guard !isTooLarge else { return nil }
            product = next
        }
        return product
    }
}
