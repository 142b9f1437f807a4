package import JSON

/// A value of a document for conditions, indexes and sorting.
///
/// Strings are interpreted: the text of a number is a numeral, the text of an instant (RFC 3339, or a date) is that
/// instant. So round ids, which are decimal strings, sort as numbers, and dates in different notations are equal.
///
/// Two values are equal when they are the same case with the same content: the number 1 and the string "1" differ, and
/// only an ``Operand`` equals both. Their order is
///
///     null  <  false  <  true  <  numbers and numerals, by value  <  instants  <  text, byte by byte
///
/// and comparisons hold only within one of those groups.
package enum Scalar: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Number)
    case numeral(Number, Text)
    case instant(Timestamp)
    case text(Text)

    /// Reads the content of a JSON string, or of a query parameter.
    init(string: String) {
        var string = string
        self = string.withUTF8 { Scalar(string: UnsafeRawBufferPointer($0)) }
    }

    /// Reads the content of a JSON string, as UTF-8.
    init(string bytes: UnsafeRawBufferPointer) {
        if let number = Number(spelling: bytes) {
            self = .numeral(number, Text(bytes))
        } else if bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), let instant = Timestamp(rfc3339: bytes) {
            self = .instant(instant)
        } else {
            self = .text(Text(bytes))
        }
    }

    /// Reads a value of a document; nil for an array or an object, which are not scalars.
    init?(_ span: JSONSpan) {
        switch span.kind {
        case .null: self = .null
        case .bool: self = .bool(span.bytes.first == UInt8(ascii: "t"))
        case .number:
            guard let number = Number(spelling: span.bytes) else { return nil }
            self = .number(number)
        case .string:
            if let text = span.text {
                self.init(string: text)
            } else if let string = span.string {
                self.init(string: string)
            } else {
                return nil
            }
        case .array, .object: return nil
        }
    }

    /// Whether this value is before the other in the order above.
    package func precedes(_ other: Scalar) -> Bool {
        switch (self, other) {
        case (.bool(let left), .bool(let right)): !left && right
        case (.instant(let left), .instant(let right)): left < right
        case (.text(let left), .text(let right)): left < right
        default:
            if let left = number, let right = other.number { left < right } else { group < other.group }
        }
    }

    /// The size of its text in bytes; zero for other values.
    package var byteCount: Int {
        switch self {
        case .numeral(_, let text), .text(let text): text.string.utf8.count
        case .null, .bool, .number, .instant: 0
        }
    }

    /// Whether the two values can be compared by size.
    ///
    /// Null cannot be compared.
    func isComparable(to other: Scalar) -> Bool {
        group == other.group && self != .null
    }

    private var number: Number? {
        switch self {
        case .number(let number), .numeral(let number, _): number
        case .null, .bool, .instant, .text: nil
        }
    }

    private var group: Int {
        switch self {
        case .null: 0
        case .bool: 1
        case .number, .numeral: 2
        case .instant: 3
        case .text: 4
        }
    }
}
