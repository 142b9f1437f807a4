internal import JSON
internal import TestSupport
internal import Testing

struct TimestampTests {
    static let reference: Int64 = 1_795_461_364_123_456

    @Test func writtenFormIsFixed() {
        #expect(Timestamp(microseconds: Self.reference).description == "2026-11-23T19:16:04.123456Z")
        #expect(Timestamp(microseconds: 0).description == "1970-01-01T00:00:00.000000Z")
        #expect(Timestamp(microseconds: -1).description == "1969-12-31T23:59:59.999999Z")
        #expect(Timestamp.earliest.description == "0001-01-01T00:00:00.000000Z")
        #expect(Timestamp.latest.description == "9999-12-31T23:59:59.999999Z")
    }

    @Test(
        arguments: [
            ("2026-11-23T19:16:04.123456Z", reference),
            ("2026-11-23t19:16:04.123456z", reference),
            ("2026-11-23 19:16:04.123456", reference),
            ("2026-11-23T19:16:04.123456789Z", reference),
            ("2026-11-23T20:16:04.123456+01:00", reference),
            ("2026-11-23T20:16:04.123456+0100", reference),
            ("2026-11-23T20:16:04.123456+01", reference),
            ("2026-11-23T13:46:04.123456-05:30", reference),
            ("2026-11-24T19:15:04.123456+23:59", reference),
            ("2026-11-23T19:16:04.1Z", reference - 23_456),
            ("2026-11-23T19:16:04.000001-00:00", reference - 123_455),
            ("2026-11-23T19:16:04Z", reference - 123_456),
            ("2026-11-23T19:16:04", reference - 123_456),
            ("2026-11-23T19:16", reference - 4_123_456),
            ("2026-11-23 19:16Z", reference - 4_123_456),
            ("2026-11-23T20:16+01:00", reference - 4_123_456),
            ("Mon, 23 Nov 2026 19:16:04 GMT", reference - 123_456),
            ("mon, 23 NOV 2026 19:16:04 +0000", reference - 123_456),
            ("23 Nov 2026 20:16:04 +0100", reference - 123_456),
            ("Mon, 23 Nov 2026 19:16 UT", reference - 4_123_456),
            ("Tue, 1 Dec 2026 00:00:00 Z", 1_796_083_200_000_000),
            ("2026-11-23", 1_795_392_000_000_000),
            ("1969-12-31T23:59:59.999999999Z", -1),
            ("2000-02-29", 951_782_400_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ] as [(String, Int64)]
    )
    func validTimesAreParsed(text: String, microseconds: Int64) {
        #expect(Timestamp(parsing: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11", "2026-11-2", "2026-11-23T", "2026-11-23T19", "2026-11-23T19Z", "2026-11-23T19:16:",
        "2026-11-23T19:16:04.", "2026-11-23T19:16:04.Z", "2026-11-23T19:16:04.1234567890Z", "2026-11-23T24:00:00Z",
        "2026-11-23T19:60:00Z", "2026-11-23T19:16:61Z", "2026-11-23T19:16:04+24:00", "2026-11-23T19:16:04+01:60",
        "2026-11-23T19:16:04+", "2026-11-23T19:16:04+1", "2026-11-23T19:16:04+01:", "2026-11-23T19:16:04+01:000",
        "2026-11-23T19:16:04ZZ", "2026-11-23T19:16:04 Z", " 2026-11-23", "2026-11-23 ", "2026-11-23Z", "2026/11/23",
        "2026-00-01", "2026-13-01", "2026-11-00", "2026-11-31", "2026-02-29", "2100-02-29", "0000-01-01",
        "0001-01-01T00:00:00+00:01", "0000-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z", "9999-12-31T23:59:59-00:01",
        "-001-01-01",
        "Mon, 23 Nov 2026 19:16:04", "Mon, 23 Nov 2026 19:16:04 CET", "Mon 23 Nov 2026 19:16:04 GMT",
        "Mon,23 Nov 2026 19:16:04 GMT", "Moon, 23 Nov 2026 19:16:04 GMT", "Mon, 31 Nov 2026 19:16:04 GMT",
        "Mon, 23 Nov 26 19:16:04 GMT", "Mon, 23 Nov 2026", "Mon, 23 Nov 2026 19:16:04 GMT ", "Mon, ", "Mon",
        "Mon, 123 Nov 2026 19:16:04 GMT", "Mon, 23 Nov 2026 19:16:04 GMTZ", "yesterday", "23 Nov 2026 19:16:04 ",
        "+2026-11-23", "20261123", "２０２６-11-23", "2026-11-23T19:16:04\u{0}", "null", "1795461364",
    ])
    func invalidTimesAreRejected(_ text: String) {
        #expect(Timestamp(parsing: text) == nil)
    }

    /// Index files contain the kinds of values: a text that starts to count as an instant would be missing from them.
    @Test(arguments: ["2026-11-23T19:16", "2026-11-23 19:16Z", "Mon, 23 Nov 2026 19:16:04 GMT", "23 Nov 2026 19:16 UT"])
    func onlyRFC3339WithSecondsIsATimeInDocuments(text: String) {
        var text = text
        #expect(text.withUTF8 { Timestamp(rfc3339: UnsafeRawBufferPointer($0)) } == nil)
        var date = "2026-11-23"
        #expect(date.withUTF8 { Timestamp(rfc3339: UnsafeRawBufferPointer($0)) } != nil)
    }

    /// 400 years are a full cycle of the calendar.
    @Test func everyDayOfACycleRoundTrips() {
        var year = 1900
        var month = 1
        var day = 1
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        for dayNumber in -25_567..<(146_097 - 25_567) {
            let timestamp = Timestamp(microseconds: Int64(dayNumber) * 86_400_000_000 + 86_399_999_999)
            let text = "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)T23:59:59.999999Z"
            guard timestamp.description == text, Timestamp(parsing: text) == timestamp else {
                Issue.record("\(text) is not \(timestamp)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            day += 1
            guard day > lengths[month - 1] + (month == 2 && isLeap ? 1 : 0) else { continue }
            (day, month) = (1, month + 1)
            if month > 12 { (month, year) = (1, year + 1) }
        }
        #expect(year == 2300)
    }

    @Test func randomTimesRoundTrip() {
        var random = SeededGenerator()
        let range = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
        for _ in 0..<10_000 {
            let timestamp = Timestamp(microseconds: .random(in: range, using: &random))
            #expect(Timestamp(parsing: timestamp.description) == timestamp, "SEED=\(SeededGenerator.runSeed)")
        }
    }

    @Test func textOrderIsTimeOrder() {
        var random = SeededGenerator()
        let range = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
        let moments = (0..<1_000).map { _ in Timestamp(microseconds: .random(in: range, using: &random)) }
        #expect(moments.sorted().map(\.description) == moments.map(\.description).sorted())
    }

    @Test func timesPastTheCalendarAreClamped() {
        #expect(Timestamp(microseconds: .min) == .earliest)
        #expect(Timestamp(microseconds: .max) == .latest)
    }

    @Test func advancingAddsADuration() {
        let start = Timestamp(microseconds: Self.reference)
        #expect(start.advanced(by: .microseconds(1)).microseconds == Self.reference + 1)
        #expect(start.advanced(by: .seconds(-2)).microseconds == Self.reference - 2_000_000)
        #expect(start.advanced(by: .milliseconds(-1)).microseconds == Self.reference - 1_000)
        #expect(start.advanced(by: .seconds(86_400)).duration(since: start) == .seconds(86_400))
        #expect(start.advanced(by: .seconds(Int64.max)) == .latest)
        #expect(start.advanced(by: .seconds(Int64.min)) == .earliest)
        #expect(Timestamp.latest.advanced(by: .microseconds(1)) == .latest)
    }

    @Test func nowIsTheWallClockTime() {
        let before = Timestamp.now()
        let after = Timestamp.now()
        #expect(before <= after)
        #expect(before > Timestamp(microseconds: 1_700_000_000_000_000))
    }
}
