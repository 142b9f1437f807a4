import Disk
import Glibc
import JSON
import NIOConcurrencyHelpers
import SegmentLog
import TestSupport
import Testing

@testable import Store

struct CollectionDurabilityTests {
    private let disk = FaultDisk()
    private let things: DocumentCollection

    init() throws {
        things = try StoreFixture().open(disk).collection("things")
    }

    /// Reads the collection during the sync of each change: no change is visible before it is durable.
    @Test func changeIsVisibleAfterItsSync() async throws {
        let seen = NIOLockedValueBox<[String]>([])
        disk.beforeEachCall { [things] call, path in
            guard call == .fdatasync, path.hasSuffix(".jsonl") else { return }
            do {
                let kind = try things.get("a")?.json["kind"]?.string ?? "nothing"
                let listed = try things.list(Query()).total
                let counted = try things.count(.equal("kind", "new"))
                seen.withLockedValue { $0.append("\(kind) \(listed) \(counted) \(things.documentCount)") }
            } catch {
                seen.withLockedValue { $0.append("\(error)") }
            }
        }
        _ = try await things.insert(["thing_id": "a", "kind": "new"])
        _ = try await things.put(["thing_id": "a", "kind": "newer"])
        try await things.delete("a")
        #expect(seen.withLockedValue { $0 } == ["nothing 0 0 0", "new 1 1 1", "newer 1 0 1"])
        #expect(things.documentCount == 0)
    }

    @Test func failedSyncLatchesWritesOnly() async throws {
        let kept = try await things.insert(["thing_id": "a"])
        disk.fail(.fdatasync, with: EIO, times: 1)
        for change in [
            { _ = try await things.insert(["thing_id": "b"]) },
            { _ = try await things.put(["thing_id": "a", "n": 1]) },
            { _ = try await things.update("a") { $0 } },
            { try await things.delete("a") },
        ] {
            let error = await #expect(throws: StoreError.self) { try await change() }
            guard let error, case .storage(.latched) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(try things.get("a")?.bytes == kept.bytes)
        #expect(try things.get("b") == nil)
        #expect(try things.list(Query()).documents.map(\.id) == ["a"])
    }

    @Test func fullDiskRefusesOneWriteOnly() async throws {
        disk.fail(.pwrite, with: ENOSPC, times: 1)
        let error = await #expect(throws: StoreError.self) { try await things.insert(["thing_id": "a"]) }
        guard let error, error.isNoSpace else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(things.documentCount == 0)
        let document = try await things.insert(["thing_id": "a"])
        #expect(try things.get("a")?.bytes == document.bytes)
    }
}
