import JSON
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import Store

/// The workload crashes or fails at every call that changes the disk, and so does the recovery.
///
/// Afterwards every acknowledged change exists, and an unacknowledged one exists completely or not at all.
struct StoreCrashTests {
    /// The attempts of the workload and their results.
    private final class Ledger: Sendable {
        struct Entries {
            /// The acknowledged document of each id: null after a deletion, none where there never was one.
            var acknowledged: [String: JSON] = [:]
            /// The attempted, unacknowledged `kind` of each id: null for a deletion.
            var open: [String: JSON] = [:]
        }

        let entries = NIOLockedValueBox(Entries())

        /// Runs a change after which `id` has a document of `kind`.
        func run(_ id: String, _ kind: JSON, _ change: () async throws -> JSON) async throws {
            entries.withLockedValue { $0.open[id] = kind }
            let document = try await change()
            entries.withLockedValue { entries in
                entries.open[id] = nil
                entries.acknowledged[id] = document
            }
        }
    }

    private struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    private static let kinds = ["new", "put", "updated", "again", "later"]

    @Test func everyAcknowledgedChangeSurvivesEveryCrash() async throws {
        var points = CrashPoints(
            makeLedger: { Ledger() },
            workload: { try await Self.work($0, $1) },
            verify: { try await Self.verify($0, $1) }
        )
        points.recoveryPointCountMax = 1
        let report = try await points.explore()
        #expect(report.failureCount == 0, "\(report)")
        #expect(report.pointCount > 100, "\(report)")
    }

    private static func open(_ disk: FaultDisk) throws -> Store {
        try StoreFixture(segmentByteCountMax: 400).open(disk)
    }

    private static func work(_ disk: FaultDisk, _ ledger: Ledger) async throws {
        let store = try open(disk)
        let things = store.collection("things")
        for id in ["a", "b", "c"] {
            try await ledger.run(id, "new") { try await things.insert(["thing_id": .string(id), "kind": "new"]).json }
        }
        try await ledger.run("a", "put") { try await things.put(["thing_id": "a", "kind": "put"]).json }
        try await ledger.run("b", nil) {
            try await things.delete("b")
            return nil
        }
        try await ledger.run("c", "updated") {
            try await things.update("c") { _ in ["thing_id": "c", "kind": "updated"] }.json
        }
        try await ledger.run("b", "again") { try await things.insert(["thing_id": "b", "kind": "again"]).json }
        try await store.close()
    }

    private static func verify(_ disk: FaultDisk, _ ledger: Ledger) async throws {
        let store = try open(disk)
        let things = store.collection("things")
        let entries = ledger.entries.withLockedValue { $0 }
        for id in ["a", "b", "c"] {
            let stored = try things.get(id)?.json ?? .null
            let isOld = stored == entries.acknowledged[id] ?? .null
            let isNew = entries.open[id].map { $0 == stored["kind"] ?? .null } ?? false
            if !isOld, !isNew { throw Broken(description: "\(id) is \(stored); \(entries)") }
        }
        let found = try things.list(Query(ascending: true)).documents.map(\.id)
        // `later` is what an earlier, crashed verification may have added.
        if let other = found.first(where: { !["a", "b", "c", "later"].contains($0) }) {
            throw Broken(description: "\(other) was never stored")
        }
        let counts = try kinds.map { try things.count(.equal("kind", $0)) }
        if counts.reduce(0, +) != found.count { throw Broken(description: "\(counts) counted, \(found) listed") }
        let later = try await things.put(["thing_id": "later", "kind": "later"])
        if try things.get("later")?.bytes != later.bytes { throw Broken(description: "a new document is missing") }
        try await store.close()
    }
}
