/// A JSON number with its original digits, so that none is lost between a request and the disk.
///
/// Shape: the text follows RFC 8259, section 6: `-0.5e+10`, `12345678901234567890`.
package struct JSONNumber: Sendable, Hashable {
    package let text: String

    /// - Precondition: the text is a JSON number; only the parser and the scanner call this.
    init(uncheckedText text: String) {
        self.text = text
    }

    package init(_ value: Int64) {
        text = String(value)
    }

    /// Creates the shortest text that parses to `value`; nil for infinity and NaN.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    /// The value, if the text is an integer (no fraction, no exponent) that fits into 64 bits.
    package var int: Int64? { Int64(text) }

    /// The value, if it is a whole number in any notation: `3`, `3.0`, `3e2`.
    ///
    /// Numbers with a fraction or an exponent must be below 2⁵³, because larger doubles may represent several integers.
    package var whole: Int64? {
        if let int { return int }
        guard let double, double.magnitude < 0x1p53 else { return nil }
        return Int64(exactly: double)
    }

    /// The nearest double; nil if the number exceeds the range of doubles.
    package var double: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }
}
