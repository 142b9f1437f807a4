/// A number as it was written, so that no digit is lost between a request and the disk.
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

    /// Writes the shortest text that reads back as `value`; nil for an infinity and for what is not a number.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    /// The value, where the text is an integer (no fraction, no exponent) that fits.
    package var int: Int64? { Int64(text) }

    /// The value, where it is a whole number, however it is written: `3`, `3.0`, `3e2`.
    ///
    /// With a fraction or an exponent only below 2⁵³, from where on a double may stand for another number.
    package var whole: Int64? {
        if let int { return int }
        guard let double, double.magnitude < 0x1p53 else { return nil }
        return Int64(exactly: double)
    }

    /// The nearest double, or nil beyond the largest.
    package var double: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }
}
