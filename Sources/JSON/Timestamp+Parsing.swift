extension Timestamp {
    /// Parses a time in any form that clients use; nil for any other text.
    ///
    /// - RFC 3339 and its variants, see ``init(rfc3339:)``; the seconds may be missing: `2026-11-23T19:16+01:00`.
    /// - A date of RFC 1123 or RFC 5322, as FEDn's REST API and HTTP headers have it. The name of the day and the seconds may
    ///   be missing, and the name of the day is not verified.
    ///
    ///       Mon, 23 Nov 2026 19:16:04 GMT    23 Nov 2026 19:16 +0100
    package init?(parsing text: some StringProtocol) {
        var text = String(text)
        let parsed = text.withUTF8 { bytes in
            var reader = TimestampReader(bytes: UnsafeRawBufferPointer(bytes))
            return reader.timestamp() ?? reader.mailTimestamp()
        }
        guard let parsed else { return nil }
        self = parsed
    }

    /// Parses an RFC 3339 time with seconds, or a date, in UTF-8, without allocating.
    ///
    /// Shape: a date, then optionally `T` or a space, a time, an optional fraction and an optional offset:
    ///
    ///     2026-11-23T19:16:04.123456Z    2026-11-23 20:16:04+01:00    2026-11-23T19:16:04    2026-11-23
    ///
    /// Default offset: UTC; `+0100` and `+01` are accepted, too. A fraction has up to nine digits, of which those after
    /// the sixth are truncated. A leap second (`:60`) is the first moment of the next minute.
    ///
    /// These are the texts of documents that count as instants. Index files depend on them, so no other form may be added.
    package init?(rfc3339 bytes: UnsafeRawBufferPointer) {
        var reader = TimestampReader(bytes: bytes)
        guard let parsed = reader.timestamp(needsSeconds: true) else { return nil }
        self = parsed
    }

    /// Whether a text is the short name of a day of the week, which a comma follows in a date of RFC 1123.
    package static func isDayName(_ text: some StringProtocol) -> Bool {
        TimestampReader.days.contains(text.lowercased())
    }
}

/// Parses the bytes of a time from left to right.
private struct TimestampReader {
    static let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    let bytes: UnsafeRawBufferPointer
    var position = 0

    /// A time in the notation of RFC 3339.
    mutating func timestamp(needsSeconds: Bool = false) -> Timestamp? {
        position = 0
        guard
            let year = number(digitCount: 4), skip("-"),
            let month = number(digitCount: 2), skip("-"),
            let day = number(digitCount: 2),
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        guard skip("T") || skip("t") || skip(" ") else { return end(date, microseconds: 0, offset: 0) }
        guard let time = microsecondOfDay(needsSeconds: needsSeconds), let offset = offsetSeconds() else { return nil }
        return end(date, microseconds: time, offset: offset)
    }

    /// A date of RFC 5322, of which RFC 1123 is the older form: `Mon, 23 Nov 2026 19:36:20 GMT`.
    mutating func mailTimestamp() -> Timestamp? {
        position = 0
        if let name = letters() {
            guard Self.days.contains(name), skip(","), skip(" ") else { return nil }
        }
        guard
            let day = dayOfMonth(), skip(" "),
            let month = letters().flatMap({ Self.months.firstIndex(of: $0) }), skip(" "),
            let year = number(digitCount: 4), skip(" "),
            let date = CivilDate(year: year, month: month + 1, day: day),
            let time = microsecondOfDay(needsSeconds: false), skip(" "),
            let offset = zoneSeconds()
        else { return nil }
        return end(date, microseconds: time, offset: offset)
    }

    /// The time, if all bytes are read.
    private func end(_ date: CivilDate, microseconds time: Int64, offset: Int) -> Timestamp? {
        guard position == bytes.count else { return nil }
        let microseconds = Int64(date.dayNumber) * 86_400_000_000 + time - Int64(offset) * 1_000_000
        let timestamp = Timestamp(microseconds: microseconds)
        // An offset can move the time out of the years 0001 to 9999; it is not clamped.
        return timestamp.microseconds == microseconds ? timestamp : nil
    }

    /// The time of the day, as microseconds since midnight.
    private mutating func microsecondOfDay(needsSeconds: Bool) -> Int64? {
        guard
            let hour = number(digitCount: 2), hour <= 23, skip(":"),
            let minute = number(digitCount: 2), minute <= 59
        else { return nil }
        let wholeMinute = Int64(hour * 3_600 + minute * 60) * 1_000_000
        guard skip(":") else { return needsSeconds ? nil : wholeMinute }
        guard let second = number(digitCount: 2), second <= 60 else { return nil }
        let whole = wholeMinute + Int64(second) * 1_000_000
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

    /// Seconds east of UTC of a zone that RFC 5322 knows.
    private mutating func zoneSeconds() -> Int? {
        guard let name = letters() else { return position == bytes.count ? nil : offsetSeconds() }
        return ["gmt", "utc", "ut", "z"].contains(name) ? 0 : nil
    }

    /// A day of one or two digits.
    private mutating func dayOfMonth() -> Int? {
        guard let first = digit() else { return nil }
        guard let second = digit() else { return first }
        return first * 10 + second
    }

    /// ASCII letters, in lower case; nil if there are none.
    private mutating func letters() -> String? {
        let rest = bytes[position...].prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
        guard !rest.isEmpty else { return nil }
        position += rest.count
        return String(decoding: rest, as: UTF8.self).lowercased()
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
