import Index
import JSON
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import Store

/// Sealing, merging and dropping crash or fail at every call that changes the disk, and so does the recovery.
///
/// Afterwards every acknowledged document exists, and no deleted one; of events, only the oldest may be missing, as
/// many as retention deletes.
struct MaintenanceCrashTests {
    /// The acknowledged changes.
    private final class Ledger: Sendable {
        struct Entries {
            /// The acknowledged document of each id, null after a deletion.
            var things: [String: JSON] = [:]
            /// The ids of events, oldest first, and those of the last unacknowledged group.
            var events: [String] = []
            var openEvents: [String] = []
        }

        let entries = NIOLockedValueBox(Entries())
    }

    private struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    private static let keptCount = 6

    /// Returns every `stride`th point, starting at one that depends on the run's seed, so that all are covered over
    /// time.
    private static func points(every stride: Int) -> CrashPoints<Ledger> {
        var points = CrashPoints(
            makeLedger: { Ledger() },
            workload: { try await work($0, $1) },
            verify: { try await verify($0, $1) }
        )
        points.stride = stride
        points.firstOffset = Int(points.seed % UInt64(stride))
        return points
    }

    @Test func documentsSurviveACrashInMaintenance() async throws {
        let report = try await Self.points(every: 3).explore()
        #expect(report.failureCount == 0, "\(report)")
        #expect(report.pointCount > 400, "\(report)")
    }

    @Test func documentsSurviveACrashInRecovery() async throws {
        var points = Self.points(every: 23)
        points.recoveryPointCountMax = 2
        let report = try await points.explore()
        #expect(report.failureCount == 0, "\(report)")
        #expect(report.recoveryPointCount > 200, "\(report)")
    }

    private static func open(_ disk: FaultDisk) throws -> Store {
        try StoreFixture(
            segmentByteCountMax: 700,
            eventRetention: Retention(documentCountMax: keptCount),
            reserveByteCount: 900
        ).open(disk)
    }

    private static func work(_ disk: FaultDisk, _ ledger: Ledger) async throws {
        let store = try open(disk)
        let things = store.collection("things")
        for round in 0..<4 {
            for id in ["a", "b", "c"] where round != 2 || id != "b" {
                let round = JSON.number(JSONNumber(Int64(round)))
                let document = try await things.put(["thing_id": .string(id), "round": round])
                ledger.entries.withLockedValue { entries in entries.things[id] = try? document.json }
            }
            if round == 1 {
                try await things.delete("b")
                ledger.entries.withLockedValue { $0.things["b"] = .null }
            }
            try await addEvents(to: store, round, ledger)
            try await store.maintain()
        }
        try await store.close()
    }

    private static func addEvents(to store: Store, _ round: Int, _ ledger: Ledger) async throws {
        let ids = (0..<3).map { "event-\(round)-\($0)" }
        ledger.entries.withLockedValue { $0.openEvents = ids }
        let refusals = try await store.collection("events")
            .insert(contentsOf: ids.map { ["event_id": .string($0), "kind": "some"] })
        guard refusals.allSatisfy({ $0 == nil }) else { throw Broken(description: "\(refusals)") }
        ledger.entries.withLockedValue { entries in
            entries.events += ids
            entries.openEvents = []
        }
    }

    private static func verify(_ disk: FaultDisk, _ ledger: Ledger) async throws {
        let store = try open(disk)
        let entries = ledger.entries.withLockedValue { $0 }
        try verifyThings(store.collection("things"), entries)
        try verifyEvents(store.collection("events"), entries)
        try await store.maintain()
        try verifyThings(store.collection("things"), entries)
        try verifyEvents(store.collection("events"), entries)
        try await store.close()
    }

    private static func verifyThings(_ things: DocumentCollection, _ entries: Ledger.Entries) throws {
        let listed = try things.list(Query(ascending: true)).documents
        for (id, acknowledged) in entries.things {
            let stored = try things.get(id)?.json ?? .null
            // One change of an id may be pending: of a later round than the acknowledged one, or the deletion of b.
            let acknowledgedRound = acknowledged["round"]?.int ?? -1
            let isLater = stored["round"]?.int.map { $0 > acknowledgedRound } ?? (id == "b" && acknowledgedRound == 1)
            guard stored == acknowledged || isLater else {
                throw Broken(description: "\(id) is \(stored), \(acknowledged) was acknowledged")
            }
            guard listed.contains(where: { $0.id == id }) == (stored != .null) else {
                throw Broken(description: "\(id) is listed or not, other than found")
            }
        }
        guard try things.count(Filter()) == listed.count else { throw Broken(description: "\(listed.count) listed") }
    }

    private static func verifyEvents(_ events: DocumentCollection, _ entries: Ledger.Entries) throws {
        let found = try events.list(Query(ascending: true)).documents.map(\.id)
        // A group that was not acknowledged may exist partially: its first events.
        let isWhole = (0...entries.openEvents.count).contains { count in
            found == (entries.events + entries.openEvents.prefix(count)).suffix(found.count)
        }
        guard isWhole, found.count >= min(entries.events.count, keptCount) else {
            throw Broken(description: "\(found) of \(entries.events) and perhaps \(entries.openEvents)")
        }
        guard try events.count(.equal("kind", "some")) == found.count else {
            throw Broken(description: "counted otherwise")
        }
        for id in found where try events.get(id) == nil { throw Broken(description: "\(id) is listed, not found") }
    }
}
