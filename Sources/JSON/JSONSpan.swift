/// Where a value stands in scanned bytes, and what kind it is; decoded only when asked.
///
/// It points into the bytes that were scanned, so it must not outlive them.
package struct JSONSpan {
    package enum Kind: Sendable, Hashable {
        case null, bool, number, string, array, object
    }

    package let kind: Kind
    /// The value's own bytes, quotes and brackets included.
    package let bytes: UnsafeRawBufferPointer
    /// Where the value's first byte stands in the scanned bytes.
    package let offset: Int
    /// Whether a string has escapes in it, so that its bytes are not its text.
    package let hasEscapes: Bool

    /// The value's place in the scanned bytes.
    package var range: Range<Int> { offset..<offset + bytes.count }

    /// The bytes of a string between its quotes, where they are its text: nil with escapes and for other kinds.
    package var text: UnsafeRawBufferPointer? {
        guard kind == .string, !hasEscapes, bytes.count >= 2 else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[1..<bytes.count - 1])
    }

    /// The string, decoded; nil for another kind, and where it is not valid after all.
    package var string: String? {
        if let text { return String(validating: text, as: UTF8.self) }
        return kind == .string ? value?.string : nil
    }

    /// The number; nil for another kind, and where it is not valid after all.
    package var number: JSONNumber? {
        kind == .number ? value?.number : nil
    }

    package var int: Int64? { number?.int }

    package var double: Double? { number?.double }

    package var bool: Bool? {
        kind == .bool ? value?.bool : nil
    }

    /// The whole value, parsed; nil where it is not valid JSON.
    package var value: JSON? {
        try? JSON(parsing: bytes, limits: JSONLimits(byteCountMax: .max))
    }
}
