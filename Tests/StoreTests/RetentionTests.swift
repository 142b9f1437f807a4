import JSON
import Testing

@testable import Store

/// The selection of segments to drop.
struct RetentionTests {
    private static let now = Timestamp(microseconds: 1_000_000_000)

    /// Returns segments whose newest events have these ages in seconds, with ten documents and a hundred bytes each.
    private static func segments(_ ages: [Int64], isLastComplete: Bool = false) -> [Retention.Candidate] {
        ages.indices.map { position in
            Retention.Candidate(
                documentCount: 10,
                byteCount: 100,
                newest: Timestamp(microseconds: now.microseconds - ages[position] * 1_000_000),
                isComplete: isLastComplete || position < ages.count - 1
            )
        }
    }

    @Test func withoutRulesEveryEventIsKept() {
        #expect(Retention().dropCount(Self.segments([900, 500, 0], isLastComplete: true), now: Self.now) == 0)
    }

    @Test(arguments: [(1000, 0), (900, 0), (899, 1), (500, 1), (499, 2), (0, 2)])
    func segmentOfOldEventsIsDropped(_ age: Int, _ count: Int) {
        let retention = Retention(ageMax: .seconds(age))
        #expect(retention.dropCount(Self.segments([900, 500, 10]), now: Self.now) == count)
    }

    @Test(arguments: [(30, 0), (21, 0), (20, 1), (11, 1), (10, 2), (0, 2)])
    func numberOfEventsIsKept(_ count: Int, _ dropped: Int) {
        let retention = Retention(documentCountMax: count)
        #expect(retention.dropCount(Self.segments([3, 2, 1]), now: Self.now) == dropped)
    }

    @Test(arguments: [(300, 0), (201, 0), (200, 1), (101, 1), (100, 2), (0, 2)])
    func numberOfBytesIsKept(_ bytes: Int64, _ dropped: Int) {
        let retention = Retention(byteCountMax: bytes)
        #expect(retention.dropCount(Self.segments([3, 2, 1]), now: Self.now) == dropped)
    }

    @Test func activeSegmentIsKept() {
        let retention = Retention(ageMax: .zero, byteCountMax: 0, documentCountMax: 0)
        #expect(retention.dropCount(Self.segments([900]), now: Self.now) == 0)
        #expect(retention.dropCount(Self.segments([900], isLastComplete: true), now: Self.now) == 1)
    }

    @Test func oneRuleIsSufficient() {
        let retention = Retention(ageMax: .seconds(10_000), documentCountMax: 20)
        #expect(retention.dropCount(Self.segments([900, 500, 10]), now: Self.now) == 1)
    }

    /// A new segment before an old one: segments are dropped in the order of the log, none from its middle.
    @Test func onlyTheOldestSegmentsAreDropped() {
        let retention = Retention(ageMax: .seconds(100))
        #expect(retention.dropCount(Self.segments([50, 900, 10]), now: Self.now) == 0)
    }

    @Test func activeSegmentIsClosedAtAnEighthOfTheAge() {
        let retention = Retention(ageMax: .seconds(80))
        let oldest = Timestamp(microseconds: Self.now.microseconds - 10_000_000)
        #expect(!retention.closesActive(oldest: oldest, now: Self.now))
        #expect(retention.closesActive(oldest: Timestamp(microseconds: oldest.microseconds - 1), now: Self.now))
        #expect(!Retention(documentCountMax: 1).closesActive(oldest: .earliest, now: Self.now))
    }

    @Test func largestAgeKeepsEveryEvent() {
        let retention = Retention(ageMax: .seconds(Int64.max))
        #expect(retention.dropCount(Self.segments([900, 500], isLastComplete: true), now: Self.now) == 0)
    }
}
