internal import JSON

/// Times in claims: seconds since 1970, with an optional fraction (RFC 7519, section 2).
extension Timestamp {
    private static let microsecondsPerSecond: Int64 = 1_000_000

    /// Reads a number of seconds; nil for other values and for times outside of the years 0001 to 9999.
    init?(numericDate value: JSON) {
        guard case .number(let number) = value else { return nil }
        let microseconds: Int64
        if let seconds = number.int {
            let (product, isTooLarge) = seconds.multipliedReportingOverflow(by: Self.microsecondsPerSecond)
            guard !isTooLarge else { return nil }
            microseconds = product
        } else {
            guard
                let seconds = number.double,
                let rounded = Int64(exactly: (seconds * Double(Self.microsecondsPerSecond)).rounded())
            else { return nil }
            microseconds = rounded
        }
        self.init(microseconds: microseconds)
        // The other initialiser clamps.
        guard self.microseconds == microseconds else { return nil }
    }

    /// The time as a number of seconds; an integer if there is no fraction.
    ///
    /// - Precondition: the time is not before 1970.
    var numericDate: JSON {
        precondition(microseconds >= 0, "the time of a token is not before 1970")
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: Self.microsecondsPerSecond)
        guard rest > 0 else { return .number(JSONNumber(seconds)) }
        // A double of this size is exact to a quarter of a microsecond.
        return .number(JSONNumber(Double(microseconds) / Double(Self.microsecondsPerSecond)) ?? JSONNumber(seconds))
    }

    /// The time rounded down to a whole second.
    var wholeSecond: Timestamp {
        Timestamp(microseconds: microseconds - microseconds % Self.microsecondsPerSecond)
    }
}
