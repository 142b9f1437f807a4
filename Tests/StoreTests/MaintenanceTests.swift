import Index
import JSON
import SegmentLog
import TestSupport
import Testing

@testable import Store

struct MaintenanceTests {
    /// A store with many full segments, none of them sealed.
    private static func store(on disk: FaultDisk) async throws -> Store {
        let store = try StoreFixture(segmentByteCountMax: 400).open(disk)
        for id in 0..<40 { _ = try await store.collection("events").insert(["event_id": .string("event-\(id)")]) }
        return store
    }

    private static func maintain(
        _ collection: DocumentCollection,
        _ compaction: Compaction = Compaction(byteCountMax: 4_000),
        isEnding: () -> Bool
    ) throws -> [String] {
        var notices: [String] = []
        try collection.maintain(
            nil,
            at: collection.clock(),
            compaction,
            notice: { notices.append(String("\($0)".prefix { $0 != " " })) },
            isEnding: isEnding
        )
        return notices
    }

    @Test func fullSegmentsAreSealedThenMerged() async throws {
        let disk = FaultDisk()
        let events = try await Self.store(on: disk).collection("events")
        let segmentCount = events.log.segments.count
        let notices = try Self.maintain(events) { false }
        #expect(notices.filter { $0 == "sealed" }.count == segmentCount - 1)
        #expect(notices.contains("compacted") && events.log.segments.count < segmentCount / 2)
        #expect(try events.list(Query(ascending: true)).documents.map(\.id) == (0..<40).map { "event-\($0)" })
    }

    /// If the store is closed during a merge, no file of it remains, and the next start repeats it.
    @Test func closingCancelsAMerge() async throws {
        for limit in [0, 1, 5, 12] {
            let disk = FaultDisk()
            let store = try await Self.store(on: disk)
            let events = store.collection("events")
            var askedCount = 0
            let notices = try Self.maintain(events) {
                askedCount += 1
                return askedCount > limit
            }
            #expect(!notices.contains("compacted"), "\(limit)")
            #expect(!disk.paths.contains { $0.contains("-1.") || $0.hasSuffix(".new") }, "\(limit)")
            try await store.close()
            let again = try StoreFixture(segmentByteCountMax: 400).open(disk)
            #expect(try again.collection("events").count(Filter()) == 40)
            try await again.maintain()
            #expect(try again.collection("events").count(Filter()) == 40)
        }
    }

    /// The older segment, which has the document, is not part of the merge.
    @Test func deletionSurvivesTheMergeOfItsSegment() async throws {
        let disk = FaultDisk()
        let store = try StoreFixture(segmentByteCountMax: 900).open(disk)
        let things = store.collection("things")
        let kept = ["one", "two", "three"]
        for id in ["deleted"] + kept { _ = try await things.insert(["thing_id": .string(id)]) }
        try await things.delete("deleted")
        for _ in 0..<12 { _ = try await things.put(["thing_id": "replaced"]) }
        let oldest = try #require(things.log.segments.first)
        #expect(try Self.maintain(things, Compaction(byteCountMax: 800)) { false }.contains("compacted"))
        #expect(things.log.segments.first?.id == oldest.id)
        try await store.close()
        let again = try StoreFixture(segmentByteCountMax: 900).open(disk).collection("things")
        #expect(try again.get("deleted") == nil)
        #expect(try again.list(Query(ascending: true)).documents.map(\.id) == kept + ["replaced"])
    }
}
