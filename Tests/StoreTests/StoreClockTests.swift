import JSON
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import Store

/// The time by which events and uploads expire.
struct ExpiryClockTests {
    private static let start = Timestamp(microseconds: 1_780_000_000_000_000)
    private static let year: Duration = .seconds(365 * 86_400)

    private static func clock() -> ExpiryClock { ExpiryClock(newest: start, uptime: .seconds(5)) }

    @Test func rightClockIsBelieved() {
        var clock = Self.clock()
        for seconds in [0, 60, 3_600, 86_400, 10 * 86_400] {
            let now = Self.start.advanced(by: .seconds(seconds))
            #expect(clock.time(at: now, uptime: .seconds(5 + seconds)) == now)
            #expect(!clock.isHeld)
        }
    }

    @Test func clockThatGoesBackIsBelieved() {
        var clock = Self.clock()
        let earlier = Self.start.advanced(by: .zero - Self.year)
        #expect(clock.time(at: earlier, uptime: .seconds(6)) == earlier)
    }

    @Test func jumpOfUpToADayIsBelieved() {
        var clock = Self.clock()
        let now = Self.start.advanced(by: .seconds(86_400))
        #expect(clock.time(at: now, uptime: .seconds(5)) == now)
    }

    @Test func jumpOfAYearIsBelievedAfterADay() {
        var clock = Self.clock()
        for seconds in [10, 3_600, 86_409] {
            let wrong = Self.start.advanced(by: Self.year + .seconds(seconds))
            let time = clock.time(at: wrong, uptime: .seconds(5 + seconds))
            #expect(time == Self.start.advanced(by: .seconds(seconds)), "it advances with the time that passes")
            #expect(clock.isHeld)
        }
        let later = Self.start.advanced(by: Self.year + .seconds(86_410))
        #expect(clock.time(at: later, uptime: .seconds(5 + 86_410)) == later)
        #expect(!clock.isHeld)
    }

    @Test func correctedClockIsBelievedAtOnce() {
        var clock = Self.clock()
        _ = clock.time(at: Self.start.advanced(by: Self.year), uptime: .seconds(10))
        let right = Self.start.advanced(by: .seconds(60))
        #expect(clock.time(at: right, uptime: .seconds(65)) == right)
        #expect(!clock.isHeld)
    }
}

/// A store whose clock was ahead.
struct StoreClockTests {
    private let disk = FaultDisk()
    private let now = NIOLockedValueBox(Timestamp(microseconds: 1_780_000_000_000_000))
    private let uptime = NIOLockedValueBox(Duration.zero)
    private let notices = NIOLockedValueBox<[String]>([])

    private func open(retention: Retention? = nil) throws -> Store {
        var options = Store.Options()
        options.segmentByteCountMax = 400
        options.retention["events"] = retention
        options.notice = { [notices] notice in notices.withLockedValue { $0.append("\(notice)") } }
        return try Store.open(
            "data",
            schemas: [StoreFixture.things, StoreFixture.events],
            options: options,
            on: disk,
            clock: { [now] in
                now.withLockedValue {
                    $0 = $0.advanced(by: .microseconds(1))
                    return $0
                }
            },
            uptime: { [uptime] in uptime.withLockedValue { $0 } }
        )
    }

    private func advance(_ duration: Duration) {
        now.withLockedValue { $0 = $0.advanced(by: duration) }
    }

    private func pass(_ duration: Duration) {
        advance(duration)
        uptime.withLockedValue { $0 += duration }
    }

    /// Its messages about the clock, without the steps of maintenance.
    private var messages: [String] { notices.withLockedValue { $0.filter { $0.contains("clock") } } }

    private static let year: Duration = .seconds(365 * 86_400)

    @Test func clockThatIsPutRightIsReportedUntilItHasPassedTheRecords() async throws {
        let store = try open()
        advance(.seconds(3_600))
        _ = try await store.collection("events").insert(["event_id": "ahead"])
        #expect(store.conditions().isEmpty)
        advance(.seconds(-3_600))
        let condition = try #require(store.conditions().first)
        #expect(condition.subject == "clock")
        #expect(condition.reason.hasPrefix("the newest record of events is 59 min 59 s later than the clock"))
        pass(.seconds(60))
        #expect(store.conditions().first?.since == condition.since)
        for _ in 0..<3 { try await store.maintain() }
        #expect(messages.count == 1 && messages[0].contains("58 min 59 s later than the clock"))
        #expect(store.collection("events").clockLead != nil && store.collection("things").clockLead == nil)
        let later = try await store.collection("events").insert(["event_id": "later"])
        #expect(try later.json["committed_at"]?.string ?? "" > now.withLockedValue { "\($0)" })
        try await store.close()
        // The next start, and the end.
        let again = try open()
        #expect(again.conditions().map(\.subject) == ["clock"])
        try await again.maintain()
        #expect(messages.count == 2)
        pass(.seconds(3_600))
        #expect(again.conditions().isEmpty)
        for _ in 0..<2 { try await again.maintain() }
        #expect(messages.dropFirst(2) == ["the clock has passed the newest records; new records get its time again"])
        try await again.close()
    }

    /// Corrections of a running clock, and a thousand records of one microsecond.
    @Test func differencesOfAMinuteAreNotReported() async throws {
        let store = try open()
        _ = try await store.collection("events").insert(["event_id": "a"])
        advance(.seconds(-59))
        #expect(store.conditions().isEmpty)
        try await store.maintain()
        #expect(messages.isEmpty)
        try await store.close()
    }

    @Test func eventsDoNotExpireWhenTheClockJumpsAYearAhead() async throws {
        let store = try open(retention: Retention(ageMax: .seconds(30 * 86_400)))
        let events = store.collection("events")
        for id in 0..<20 { _ = try await events.insert(["event_id": .string("event-\(id)")]) }
        advance(Self.year)
        for _ in 0..<3 {
            pass(.seconds(3_600))
            try await store.maintain()
        }
        #expect(events.documentCount == 20)
        #expect(messages.count { $0.contains("expire by it only in a day") } == 1)
        advance(.seconds(0) - Self.year)
        try await store.maintain()
        #expect(events.documentCount == 20)
        #expect(messages.contains("events and uploads expire by the clock again"))
        // With a clock that is right, they do.
        for _ in 0..<40 {
            pass(.seconds(86_400))
            try await store.maintain()
        }
        #expect(events.documentCount == 0)
        try await store.close()
    }

    @Test func clockThatStaysAheadIsBelievedAfterADay() async throws {
        let store = try open(retention: Retention(ageMax: .seconds(30 * 86_400)))
        let events = store.collection("events")
        for id in 0..<20 { _ = try await events.insert(["event_id": .string("event-\(id)")]) }
        advance(Self.year)
        for _ in 0..<24 {
            try await store.maintain()
            #expect(events.documentCount == 20)
            pass(.seconds(3_600))
        }
        for _ in 0..<2 { try await store.maintain() }
        #expect(events.documentCount == 0)
        try await store.close()
    }
}
