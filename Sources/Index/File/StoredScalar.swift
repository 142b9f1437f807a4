internal import JSON

/// The stored form of a ``Scalar`` in a dictionary: a tag, then the value.
///
///     0 null    1 false    2 true
///     3 whole number: 8 bytes, signed       4 any other number: 8 bytes, a double
///     5 numeral: its UTF-8                  6 instant: 8 bytes, microseconds since 1970
///     7 text: its UTF-8                     8 text that is a UUID in lower case: its 16 bytes
///
/// The longest dictionaries are those of ids, and 16 instead of 36 bytes make them less than half as long. Dashes are
/// at the same places in all UUIDs, and digits are before letters, so they are in the order of their texts. Source:
/// docs/FORMAT.md, "Index files".
enum StoredScalar {
    static func append(_ scalar: Scalar, to output: inout [UInt8]) {
        switch scalar {
        case .null: output.append(0)
        case .bool(let value): output.append(value ? 2 : 1)
        case .number(.whole(let value)):
            output.append(3)
            output.append(littleEndian: value)
        case .number(.real(let value)):
            output.append(4)
            output.append(littleEndian: value.bitPattern)
        case .numeral(_, let text):
            output.append(5)
            output.append(contentsOf: text.string.utf8)
        case .instant(let instant):
            output.append(6)
            output.append(littleEndian: instant.microseconds)
        case .text(let text): append(text, to: &output)
        }
    }

    /// Appends a text without interpreting it; for ids.
    static func append(_ text: Text, to output: inout [UInt8]) {
        var string = text.string
        string.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            if let uuid = UUIDText(parsing: bytes) {
                output.append(8)
                output.append(littleEndian: uuid.high.byteSwapped)
                output.append(littleEndian: uuid.low.byteSwapped)
            } else {
                output.append(7)
                output.append(contentsOf: bytes)
            }
        }
    }

    /// Reads what ``append(_:to:)`` wrote; nil for other bytes.
    static func scalar(_ bytes: UnsafeRawBufferPointer) -> Scalar? {
        guard let tag = bytes.first else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        switch (tag, content.count) {
        case (0, 0): return .null
        case (1, 0): return .bool(false)
        case (2, 0): return .bool(true)
        case (3, 8): return .number(.whole(content.littleEndian(at: 0, as: Int64.self)))
        case (4, 8): return .number(Number(Double(bitPattern: content.littleEndian(at: 0, as: UInt64.self))))
        case (5, _): return Number(spelling: content).map { .numeral($0, Text(content)) }
        case (6, 8): return .instant(Timestamp(microseconds: content.littleEndian(at: 0, as: Int64.self)))
        default: return withText(bytes) { .text(Text($0)) }
        }
    }

    /// Calls `body` with the bytes of a stored text; nil for other values.
    static func withText<Value>(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value? {
        guard let tag = bytes.first else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        switch (tag, content.count) {
        case (7, _): return body(content)
        case (8, 16):
            let uuid = UUIDText(
                high: content.littleEndian(at: 0, as: UInt64.self).byteSwapped,
                low: content.littleEndian(at: 8, as: UInt64.self).byteSwapped
            )
            return withUnsafeTemporaryAllocation(byteCount: UUIDText.byteCount, alignment: 1) { text in
                uuid.write(to: text)
                return body(UnsafeRawBufferPointer(text))
            }
        default: return nil
        }
    }
}

/// A UUID of 36 lower-case characters as 128 bits.
private struct UUIDText {
    static let byteCount = 36

    let high: UInt64
    let low: UInt64
}

extension UUIDText {
    /// Reads `0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b`; nil for any other text, for example with an upper-case letter.
    init?(parsing text: UnsafeRawBufferPointer) {
        guard text.count == Self.byteCount else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        for (index, byte) in text.enumerated() {
            if Self.isDash(index) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            halves = (halves.0 << 4 | halves.1 >> 60, halves.1 << 4 | UInt64(digit))
        }
        self.init(high: halves.0, low: halves.1)
    }

    func write(to text: UnsafeMutableRawBufferPointer) {
        var halves = (low, high)
        for index in (0..<Self.byteCount).reversed() {
            if Self.isDash(index) {
                text[index] = UInt8(ascii: "-")
                continue
            }
            let digit = UInt8(truncatingIfNeeded: halves.0 & 0xf)
            text[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            halves = (halves.0 >> 4 | halves.1 << 60, halves.1 >> 4)
        }
    }

    private static func isDash(_ index: Int) -> Bool {
        index == 8 || index == 13 || index == 18 || index == 23
    }
}

extension Scalar {
    /// The order of dictionaries: as ``precedes(_:)``; of values that are equal in that order, numbers are before
    /// numerals, and numerals are ordered by their bytes.
    func isOrdered(before other: Scalar) -> Bool {
        if precedes(other) { return true }
        switch (self, other) {
        case (.number, .numeral): return !other.precedes(self)
        case (.numeral(_, let left), .numeral(_, let right)): return left < right && !other.precedes(self)
        default: return false
        }
    }
}
