/// A number of bytes in human-readable form.
///
/// Shape: `1536` is written `1.5 KiB`; `64MiB`, `64 MB`, `64m` and `67108864` are all read. Units are powers of 1024,
/// with or without the `i`: the reference API writes "10 MB" for 10 · 1024².
package struct ByteCount: Sendable, Hashable, CustomStringConvertible {
    package let bytes: Int64

    private static let units: [Character] = ["K", "M", "G", "T", "P"]

    package init(_ bytes: Int64) {
        self.bytes = bytes
    }

    /// Reads a number with an optional unit, or returns nil if it is malformed, negative, or more than 2⁶³.
    package init?(parsing text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits) else { return nil }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.uppercased()
        guard let letter = unit.first, unit != "B" else {
            self.bytes = number
            return
        }
        guard let power = Self.units.firstIndex(of: letter), ["", "B", "IB"].contains(unit.dropFirst()) else {
            return nil
        }
        let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: 1 << (10 * (Int64(power) + 1)))
        guard !isTooLarge else { return nil }
        self.bytes = bytes
    }

    /// Three significant digits at most: `0 B`, `1023 B`, `1.5 KiB`, `640 MiB`, `10 GiB`.
    package var description: String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes) / 1024
        var unit = 0
        // 1023.5 and more would print as 1024 of the smaller unit.
        while value >= 1023.5 && unit < Self.units.count - 1 {
            value /= 1024
            unit += 1
        }
        return "\(Decimal.text(value, digits: value < 99.95 ? 1 : 0)) \(Self.units[unit])iB"
    }
}

/// Numbers with few digits after the point, without Foundation's `String(format:)`, which costs 44 MB of binary.
package enum Decimal {
    /// Shape: `text(2.25, digits: 1)` is `2.3`, `text(2, digits: 1)` is `2`.
    ///
    /// - Precondition: `value` is finite and, times `10 ^ digits`, fits 63 bits.
    package static func text(_ value: Double, digits: Int) -> String {
        var scale: Int64 = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int64((value.magnitude * Double(scale)).rounded())
        let (whole, rest) = scaled.quotientAndRemainder(dividingBy: scale)
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard rest != 0 else { return "\(sign)\(whole)" }
        let fraction = String(rest)
        let padding = String(repeating: "0", count: digits - fraction.count)
        return "\(sign)\(whole).\(padding)\(fraction)"
    }
}
