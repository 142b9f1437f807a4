/// A number by its value, so that `1`, `1.0` and `1e0` are equal.
///
/// Whole numbers of 64 bits and all comparisons are exact; other numbers have the precision of a `Double`.
package enum Number: Sendable, Hashable {
    case whole(Int64)
    /// A number that ``whole(_:)`` cannot represent.
    case real(Double)

    init(_ value: Double) {
        self = Int64(exactly: value).map(Number.whole) ?? .real(value)
    }

    /// Parses a number in JSON syntax; nil for any other text.
    ///
    /// `007`, `+1`, `.5`, `0x10` and `nan` are not numbers.
    init?(spelling text: UnsafeRawBufferPointer) {
        guard let first = text.first, first == UInt8(ascii: "-") || Self.digits ~= first else { return nil }
        guard let form = Self.form(of: text) else { return nil }
        if form == .digits, let value = Self.whole(text) {
            self = .whole(value)
        } else if let value = Double(String(decoding: text, as: UTF8.self)) {
            self.init(value)
        } else {
            return nil
        }
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private enum Form {
        case digits, fraction
    }

    /// The grammar of RFC 8259, section 6.
    private static func form(of text: UnsafeRawBufferPointer) -> Form? {
        var index = 0
        func skipDigits() -> Int {
            let start = index
            while index < text.count, Self.digits ~= text[index] { index += 1 }
            return index - start
        }
        func skip(_ bytes: UInt8...) -> Bool {
            guard index < text.count, bytes.contains(text[index]) else { return false }
            index += 1
            return true
        }

        _ = skip(UInt8(ascii: "-"))
        let start = index
        let count = skipDigits()
        guard count == 1 || (count > 1 && text[start] != UInt8(ascii: "0")) else { return nil }
        if index == text.count { return .digits }
        if skip(UInt8(ascii: ".")), skipDigits() == 0 { return nil }
        if skip(UInt8(ascii: "e"), UInt8(ascii: "E")) {
            _ = skip(UInt8(ascii: "+"), UInt8(ascii: "-"))
            if skipDigits() == 0 { return nil }
        }
        return index == text.count ? .fraction : nil
    }

    /// Parses an optional minus and digits; nil if the number does not fit 64 bits.
    private static func whole(_ text: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = text[0] == UInt8(ascii: "-")
        var value: Int64 = 0
        for byte in text[(isNegative ? 1 : 0)...] {
            let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - UInt8(ascii: "0"))
            let (sum, overflowedAgain) = tens.addingReportingOverflow(isNegative ? -digit : digit)
            if overflowed || overflowedAgain { return nil }
            value = sum
        }
        return value
    }
}

extension Number: Comparable {
    /// Exact, although it compares doubles: a real within 64 bits has a fraction, so it is within 53 bits, and a larger
    /// whole number does not round to the other side of it.
    package static func < (left: Number, right: Number) -> Bool {
        switch (left, right) {
        case (.whole(let left), .whole(let right)): left < right
        case (.real(let left), .real(let right)): left < right
        // Except here: the largest whole numbers round up to this limit.
        case (.whole(let left), .real(let right)): right >= 0x1p63 || Double(left) < right
        case (.real(let left), .whole(let right)): left < Double(right)
        }
    }
}
