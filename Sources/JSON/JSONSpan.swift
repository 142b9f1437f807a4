/// The kind and the bytes of a scanned value, which is decoded on demand.
///
/// It points into the scanned bytes, so it must not outlive them.
package struct JSONSpan {
    package enum Kind: Sendable, Hashable {
        case null, bool, number, string, array, object
    }

    package let kind: Kind
    /// The value's bytes, including quotes and brackets.
    package let bytes: UnsafeRawBufferPointer
    /// The offset of the value in the scanned bytes.
    package let offset: Int
    /// Whether a string contains escapes, so that its bytes are not its text.
    package let hasEscapes: Bool

    /// The range of the value in the scanned bytes.
    package var range: Range<Int> { offset..<offset + bytes.count }

    /// The text of a string without escapes, in UTF-8; nil for strings with escapes and for other kinds.
    package var text: UnsafeRawBufferPointer? {
        guard kind == .string, !hasEscapes, bytes.count >= 2 else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[1..<bytes.count - 1])
    }

    /// The decoded string; nil if the value is of another kind or invalid.
    package var string: String? {
        if let text { return String(validating: text, as: UTF8.self) }
        return kind == .string ? value?.string : nil
    }

    /// The number; nil if the value is of another kind or invalid.
    package var number: JSONNumber? {
        kind == .number ? value?.number : nil
    }

    package var int: Int64? { number?.int }

    package var double: Double? { number?.double }

    package var bool: Bool? {
        kind == .bool ? value?.bool : nil
    }

    /// The parsed value; nil if it is not valid JSON.
    package var value: JSON? {
        try? JSON(parsing: bytes, limits: JSONLimits(byteCountMax: .max))
    }
}
