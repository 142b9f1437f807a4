/// Converts checksums and digests to and from hexadecimal text: lower case, most significant digit first, fixed width.
package enum Hexadecimal {
    /// The number of digits of a 64-bit value.
    package static let digitCount = 16

    /// Appends the 16 digits of `value`.
    package static func append(_ value: UInt64, to output: inout [UInt8]) {
        for shift in stride(from: 60, through: 0, by: -4) {
            output.append(digit(UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 0xf))
        }
    }

    /// Returns the 16 digits of `value`.
    package static func text(_ value: UInt64) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(digitCount)
        append(value, to: &digits)
        return String(decoding: digits, as: UTF8.self)
    }

    /// Returns two digits for each byte.
    package static func text(_ bytes: [UInt8]) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            digits.append(digit(byte >> 4))
            digits.append(digit(byte & 0xf))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Returns the value of exactly 16 lower-case digits; nil for any other text.
    ///
    /// Upper case is rejected, so that each value has one spelling and every flipped bit is detected.
    package static func value(of digits: UnsafeRawBufferPointer) -> UInt64? {
        guard digits.count == digitCount else { return nil }
        var value: UInt64 = 0
        for byte in digits {
            guard let digit = nibble(byte) else { return nil }
            value = value << 4 | UInt64(digit)
        }
        return value
    }

    /// Returns the value of exactly 16 lower-case digits; nil for any other text.
    package static func value(of text: String) -> UInt64? {
        var text = text
        return text.withUTF8 { value(of: UnsafeRawBufferPointer($0)) }
    }

    static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
