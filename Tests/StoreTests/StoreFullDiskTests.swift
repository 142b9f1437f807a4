import Disk
import Glibc
import Index
import JSON
import TestSupport
import Testing

@testable import Store

/// On a full disk, documents are refused, but can be read and deleted; when there is space, they are accepted.
struct StoreFullDiskTests {
    private static let reserveByteCount: Int64 = 20_000

    private let disk = FaultDisk()
    private let fixture = StoreFixture(
        segmentByteCountMax: 700,
        eventRetention: Retention(documentCountMax: 4),
        reserveByteCount: reserveByteCount
    )

    private var usedByteCount: Int64 {
        Int64(disk.paths.compactMap { disk.bytes(of: $0)?.count }.reduce(0, +))
    }

    private static func thing(_ id: String) -> JSONObject {
        ["thing_id": .string(id), "kind": .string(String(repeating: "k", count: 100))]
    }

    private static func refusal(_ body: () async throws(StoreError) -> Void) async -> StoreError? {
        do throws(StoreError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    private static func isNoSpace(_ error: StoreError?) -> Bool {
        error?.isNoSpace ?? false
    }

    @Test func deletionUsesTheReserve() async throws {
        let store = try fixture.open(disk)
        let things = store.collection("things")
        for id in ["a", "b", "c", "d", "e", "f"] { _ = try await things.insert(Self.thing(id)) }
        disk.byteCountMax = usedByteCount
        #expect(
            Self.isNoSpace(await Self.refusal { () throws(StoreError) in _ = try await things.insert(Self.thing("x")) })
        )
        #expect(store.conditions().map(\.subject) == ["disk"])
        for id in ["a", "b", "c", "d"] { try await things.delete(id) }
        #expect(store.space.currentStatus.reserve == .inUse)
        // There is space for it now, but it is not used.
        let count = disk.mutationCount
        for _ in 0..<2 {
            let error = await Self.refusal { () throws(StoreError) in _ = try await things.insert(Self.thing("x")) }
            #expect(Self.isNoSpace(error))
        }
        #expect(disk.mutationCount == count)
        #expect(try things.get("a") == nil && things.get("e") != nil && things.get("x") == nil)
        #expect(Set(store.conditions().map(\.subject)).isSuperset(of: ["reserve"]))

        disk.byteCountMax = usedByteCount + Self.reserveByteCount + 60_000
        try await store.maintain()
        _ = try await things.insert(Self.thing("x"))
        #expect(store.conditions() == [])
        let again = try fixture.open(disk.powerCut(keeping: .nothing)).collection("things")
        #expect(try again.list(Query(ascending: true)).documents.map(\.id) == ["e", "f", "x"])
    }

    /// The reserve is restored automatically from the space that maintenance frees.
    @Test func maintenanceRestoresTheReserve() async throws {
        let store = try fixture.open(disk)
        let events = store.collection("events")
        for number in 0..<400 {
            _ = try await events.insert(["event_id": .string("e\(number)"), "kind": .string("kind \(number)")])
        }
        disk.byteCountMax = usedByteCount
        #expect(
            Self.isNoSpace(await Self.refusal { () throws(StoreError) in _ = try await events.insert(["kind": "x"]) })
        )
        try await store.maintain()
        #expect(try events.count(Filter()) < 20)
        #expect(store.space.currentStatus.reserve == .held)
        _ = try await events.insert(["event_id": "new"])
        #expect(try fixture.open(disk.powerCut(keeping: .nothing)).collection("events").get("new") != nil)
    }

    @Test func deletionPassesWaitingWrites() async throws {
        let store = try fixture.open(disk)
        let things = store.collection("things")
        for id in ["a", "b", "c"] { _ = try await things.insert(Self.thing(id)) }
        disk.byteCountMax = usedByteCount
        await withTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    _ = await Self.refusal { () throws(StoreError) in
                        _ = try await things.insert(Self.thing("new \(number)"))
                    }
                }
            }
            for id in ["a", "b", "c"] {
                group.addTask {
                    let error = await Self.refusal { () throws(StoreError) in try await things.delete(id) }
                    #expect(error == nil, "\(id)")
                }
            }
        }
        #expect(try things.count(Filter()) <= 20)
        for id in ["a", "b", "c"] { #expect(try things.get(id) == nil) }
    }

    @Test func closingStoresTheDurableLength() async throws {
        let store = try fixture.open(disk)
        _ = try await store.collection("things").insert(Self.thing("a"))
        disk.byteCountMax = usedByteCount
        try await store.close()
    }

    @Test func storeOnAFullDiskIsOpened() async throws {
        var store = try StoreFixture(reserveByteCount: nil).open(disk)
        for id in ["a", "b"] { _ = try await store.collection("things").insert(Self.thing(id)) }
        let survivor = disk.processKill()
        survivor.byteCountMax = usedByteCount + 1_000
        store = try fixture.open(survivor)
        let things = store.collection("things")
        #expect(store.conditions().map(\.subject) == ["reserve"])
        #expect(
            Self.isNoSpace(await Self.refusal { () throws(StoreError) in _ = try await things.insert(Self.thing("x")) })
        )
        try await things.delete("a")
        survivor.byteCountMax = nil
        try await store.maintain()
        _ = try await things.insert(Self.thing("x"))
        #expect(try things.list(Query(ascending: true)).documents.map(\.id) == ["b", "x"] && store.conditions() == [])
    }

    @Test func latchedLogIsACondition() async throws {
        let store = try fixture.open(disk)
        disk.fail(.fdatasync, at: "things", with: EIO, times: 1)
        let things = store.collection("things")
        let error = await Self.refusal { () throws(StoreError) in _ = try await things.insert(Self.thing("a")) }
        guard case .storage(.latched(let latch)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let condition = try #require(store.conditions().first)
        #expect(store.conditions() == [condition] && condition.subject == latch.subject)
        #expect(condition.since == Timestamp(microseconds: latch.sinceMicroseconds))
        #expect(condition.subject == "log things" && condition.reason.hasSuffix("fdatasync: Input/output error"))
    }

    @Test func failedMaintenanceIsACondition() async throws {
        let store = try fixture.open(disk)
        for number in 0..<40 { _ = try await store.collection("events").insert(["kind": .string("\(number)")]) }
        disk.fail(.open, at: ".zst", with: EMFILE, times: 1)
        await #expect(throws: StorageError.self) { try await store.maintain() }
        let conditions = store.conditions()
        #expect(conditions.map(\.subject) == ["maintenance of events"])
        #expect(conditions.map(\.reason) == ["open: Too many open files"])
        try await store.maintain()
        #expect(store.conditions() == [])
    }
}
