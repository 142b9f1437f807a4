import Index
import JSON
import QuerySamples
import TestSupport
import Testing

@testable import Store

struct HistogramTests {
    private static let start = Int64(1_780_000_000_000_000)

    /// The counts add up to the count of the filter, and each equals that of a range of `committed_at`.
    @Test func everySpanMatchesARange() async throws {
        var generator = SeededGenerator()
        let fixture = StoreFixture()
        let store = try fixture.open(FaultDisk())
        for collection in [store.collection("things"), store.collection("events")] {
            var ids: [String] = []
            for _ in 0..<300 {
                ids.append(try await collection.insert(QuerySample.document(&generator)).id)
            }
            if collection.schema.name == "things" {
                for id in ids.prefix(50) { try await collection.delete(id) }
            }
            for _ in 0..<200 {
                let filter = Filter(QuerySample.parameters(&generator, ids: ids))
                let from = Self.moment(&generator)
                let until = Self.moment(&generator)
                let count = Int.random(in: 1...60, using: &generator)
                let spans = try collection.histogram(filter, from: from, until: until, bucketCount: count)
                for (index, span) in spans.enumerated() {
                    var conditions = filter.conditions
                    conditions.append(Self.committed(Condition.Test.greaterOrEqual, span.start))
                    let end = index + 1 < spans.count ? spans[index + 1].start : until
                    if let end { conditions.append(Self.committed(Condition.Test.less, end)) }
                    #expect(try collection.count(Filter(conditions)) == span.count, "\(generator)")
                }
                if from == nil, until == nil {
                    #expect(try spans.reduce(0) { $0 + $1.count } == collection.count(filter), "\(generator)")
                }
                if !spans.isEmpty { #expect(spans.count == count, "\(generator)") }
            }
        }
        try await store.close()
    }

    @Test func spansHaveEqualLengths() async throws {
        let store = try StoreFixture().open(FaultDisk())
        let events = store.collection("events")
        let from = Timestamp(microseconds: Self.start)
        let until = Timestamp(microseconds: Self.start + 1_000_000)
        let spans = try events.histogram(Filter(), from: from, until: until, bucketCount: 4)
        #expect(spans.map(\.start.microseconds) == (0..<4).map { Self.start + $0 * 250_000 })
        #expect(try events.histogram(Filter(), from: nil, until: until, bucketCount: 4).isEmpty)
        #expect(try events.histogram(Filter(), from: until, until: from, bucketCount: 4).isEmpty)
        try await store.close()
    }

    /// Ten thousand years do not overflow.
    @Test func longestTimeIsDivided() async throws {
        let store = try StoreFixture().open(FaultDisk())
        let events = store.collection("events")
        _ = try await events.insert(["kind": "k"])
        let spans = try events.histogram(Filter(), from: .earliest, until: .latest, bucketCount: 200)
        #expect(spans.reduce(0) { $0 + $1.count } == 1)
        #expect(spans.first?.start == .earliest)
        try await store.close()
    }

    private static func moment(_ generator: inout SeededGenerator) -> Timestamp? {
        guard Int.random(in: 0..<3, using: &generator) > 0 else { return nil }
        return Timestamp(microseconds: start + Int64.random(in: -10..<800, using: &generator))
    }

    private static func committed(
        _ comparison: (Operand) -> Condition.Test,
        _ moment: Timestamp
    ) -> Condition {
        Condition("committed_at", comparison(Operand(text: moment.description)))
    }
}
