import Blobs
import Disk
import TestSupport
import Testing

/// The background sync, seen from outside: nothing counts as durable that a power cut takes.
struct BackgroundSyncTests {
    @Test func theDurableOffsetFollowsAndNeverRunsAhead() async throws {
        let room = try Warehouse { $0.frameByteCount = 256 << 10 }
        var generator = SeededGenerator()
        let chunk = generator.bytes(count: 4 << 20)
        let id = try await room.begin(48 << 20)
        for index in 0..<12 { try await room.send(chunk, to: id, chunk: index) }
        // The sync runs beside us; it has begun at the latest with the fourth chunk.
        while try await room.store.status(id).durableByteCount == 0 { await Task.yield() }
        let durable = try await room.store.status(id).durableByteCount
        let next = try room.afterPowerCut(keeping: .nothing)
        let found = try await next.store.status(id).receivedByteCount
        #expect(found >= durable, "at least what was called durable")
        #expect(found % (4 << 20) == 0)
        #expect(room.disk.synchronizationCount(of: "data/uploads/\(id)/data.part") >= 1)
    }
}
