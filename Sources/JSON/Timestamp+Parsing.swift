extension Timestamp {
    /// Parses an RFC 3339 time and the variants that clients use; nil for any other text.
    ///
    /// Shape: a date, then optionally `T` or a space, a time, an optional fraction and an optional offset:
    ///
    ///     2026-11-23T19:16:04.123456Z    2026-11-23 20:16:04+01:00    2026-11-23T19:16:04    2026-11-23
    ///
    /// Default offset: UTC; `+0100` and `+01` are accepted, too. A fraction has up to nine digits, of which those after
    /// the sixth are truncated. A leap second (`:60`) is the first moment of the next minute.
    package init?(parsing text: some StringProtocol) {
        var text = String(text)
        guard let parsed = text.withUTF8({ Timestamp(parsing: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = parsed
    }

    /// Parses a time in UTF-8 without allocating, as ``init(parsing:)`` does.
    package init?(parsing bytes: UnsafeRawBufferPointer) {
        var reader = TimestampReader(bytes: bytes)
        guard let parsed = reader.timestamp() else { return nil }
        self = parsed
    }
}

/// Parses the bytes of a time from left to right.
private struct TimestampReader {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    mutating func timestamp() -> Timestamp? {
        guard
            let year = number(digitCount: 4), skip("-"),
            let month = number(digitCount: 2), skip("-"),
            let day = number(digitCount: 2),
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var microseconds = Int64(date.dayNumber) * 86_400_000_000
        if skip("T") || skip("t") || skip(" ") {
            guard let time = microsecondOfDay(), let offset = offsetSeconds() else { return nil }
            microseconds += time - Int64(offset) * 1_000_000
        }
        guard position == bytes.count else { return nil }
        let timestamp = Timestamp(microseconds: microseconds)
        // An offset can move the time out of the years 0001 to 9999; it is not clamped.
        return timestamp.microseconds == microseconds ? timestamp : nil
    }

    /// The time after the `T`, as microseconds since midnight.
    private mutating func microsecondOfDay() -> Int64? {
        guard
            let hour = number(digitCount: 2), hour <= 23, skip(":"),
            let minute = number(digitCount: 2), minute <= 59, skip(":"),
            let second = number(digitCount: 2), second <= 60
        else { return nil }
        let whole = Int64(hour * 3_600 + minute * 60 + second) * 1_000_000
        guard skip(".") else { return whole }
        guard let fraction = fractionMicroseconds() else { return nil }
        return whole + fraction
    }

    /// The one to nine digits after the dot, as microseconds.
    private mutating func fractionMicroseconds() -> Int64? {
        var value: Int64 = 0
        var digitCount = 0
        while let digit = digit() {
            digitCount += 1
            if digitCount <= 6 { value = value * 10 + Int64(digit) }
        }
        guard (1...9).contains(digitCount) else { return nil }
        for _ in digitCount..<max(digitCount, 6) { value *= 10 }
        return value
    }

    /// Seconds east of UTC.
    private mutating func offsetSeconds() -> Int? {
        if position == bytes.count || skip("Z") || skip("z") { return 0 }
        let sign = skip("+") ? 1 : skip("-") ? -1 : 0
        guard sign != 0, let hour = number(digitCount: 2), hour <= 23 else { return nil }
        guard position < bytes.count else { return sign * hour * 3_600 }
        _ = skip(":")
        guard let minute = number(digitCount: 2), minute <= 59 else { return nil }
        return sign * (hour * 3_600 + minute * 60)
    }

    /// A number of exactly `digitCount` ASCII digits.
    private mutating func number(digitCount: Int) -> Int? {
        var value = 0
        for _ in 0..<digitCount {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    private mutating func digit() -> Int? {
        guard position < bytes.count else { return nil }
        let digit = bytes[position] &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        position += 1
        return Int(digit)
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
