import Blobs
import Disk
import Glibc
import TestSupport
import Testing

/// The background sync, tested from outside: bytes that are reported as durable survive a power cut.
struct BackgroundSyncTests {
    @Test func durableOffsetIsAtMostWhatSurvivesAPowerCut() async throws {
        let fixture = try UploadFixture { $0.frameByteCount = 256 << 10 }
        var generator = SeededGenerator()
        let chunk = generator.bytes(count: 4 << 20)
        let id = try await fixture.begin(48 << 20)
        for index in 0..<12 { try await fixture.send(chunk, to: id, chunk: index) }
        // The sync runs concurrently; it has begun with the fourth chunk at the latest.
        for _ in 0..<1_000_000 where try await fixture.store.upload(id).status.durableByteCount == 0 {
            await Task.yield()
        }
        let durable = try await fixture.store.upload(id).status.durableByteCount
        #expect(durable > 0, "a sync has finished")
        let next = try fixture.afterPowerCut(keeping: .nothing)
        let found = try await next.store.upload(id).status.receivedByteCount
        #expect(found >= durable, "at least the bytes that were reported as durable")
        #expect(found % (4 << 20) == 0)
        #expect(fixture.disk.synchronizationCount(of: "data/uploads/\(id)/data.part") >= 1)
    }

    @Test func failedBackgroundSyncLatchesTheUpload() async throws {
        let fixture = try UploadFixture { $0.frameByteCount = 256 << 10 }
        var generator = SeededGenerator()
        let chunk = generator.bytes(count: 4 << 20)
        let id = try await fixture.begin(80 << 20)
        fixture.disk.fail(.fdatasync, at: "data.part", with: EIO)
        // With 64 MiB sent the next chunk waits for the sync, so that it fails at the latest then.
        var failure: UploadError?
        for index in 0..<20 where failure == nil {
            do { try await fixture.send(chunk, to: id, chunk: index) } catch let error as UploadError {
                failure = error
            }
        }
        let latched = try #require(failure)
        guard case .storage(.latched(let latch)) = latched else { throw latched }
        #expect(latch.cause == DiskError(call: .fdatasync, path: "data/uploads/\(id)/data.part", code: EIO))
        #expect(try await fixture.store.upload(id).status.durableByteCount == 0)
        await #expect(throws: latched) { try await fixture.store.upload(id).complete() }
    }
}
