import Blobs
import Disk
import Glibc
import TestSupport
import Testing

/// A full disk is a state that passes; a disk that loses bytes ends the upload.
struct UploadDiskFailureTests {
    let room: Warehouse
    let id: String
    let content: [UInt8]

    init() async throws {
        var generator = SeededGenerator()
        content = generator.bytes(count: 6_000)
        room = try Warehouse()
        id = try await room.begin(6_000)
        try await room.send(content[..<3_000], to: id, chunk: 0)
    }

    private func finish() async throws {
        try await room.send(content[3_000...], to: id, chunk: 1)
        _ = try await room.store.complete(id)
        _ = try await room.store.claim(id)
        #expect(try await room.content(of: id) == content)
        #expect(try room.violations().isEmpty)
    }

    @Test(arguments: ["data.part", "journal.jsonl"])
    func aChunkThatDoesNotFitMayComeAgain(_ name: String) async throws {
        room.disk.fail(.pwrite, at: name, with: ENOSPC, times: 1)
        await #expect {
            try await room.send(content[3_000...], to: id, chunk: 1)
        } throws: { error in
            guard let error = error as? UploadError, error.isNoSpace else { return false }
            return error.storageError?.failedCall?.path.hasSuffix(name) == true
        }
        #expect(try await room.store.status(id).receivedByteCount == 3_000)
        try await finish()
    }

    @Test func aTailThatDoesNotFitMayBeWrittenAgain() async throws {
        try await room.send(content[3_000...], to: id, chunk: 1)
        let byteCount = room.disk.bytes(of: "data/uploads/\(id)/data.part")?.count
        room.disk.fail(.pwrite, at: "data.part", with: ENOSPC, times: 1)
        await #expect(throws: UploadError.self) { try await room.store.complete(id) }
        #expect(room.disk.bytes(of: "data/uploads/\(id)/data.part")?.count == byteCount, "what was written is cut off")
        #expect(try await room.store.complete(id).byteCount == 6_000)
    }

    @Test func aFailedWriteLatchesTheUpload() async throws {
        room.disk.fail(.pwrite, at: "data.part", with: EIO, times: 1)
        await #expect(throws: UploadError.self) { try await room.send(content[3_000...], to: id, chunk: 1) }
        await #expect {
            try await room.send(content[3_000...], to: id, chunk: 1)
        } throws: { error in
            guard case .storage(.latched(let latch)) = error as? UploadError else { return false }
            return latch.cause.code == EIO && latch.cause.call == .pwrite
        }
        try await room.store.abort(id)
    }

    @Test func aFailedSyncIsNeverRepeated() async throws {
        try await room.send(content[3_000...], to: id, chunk: 1)
        room.disk.fail(.fdatasync, at: "data.part", with: EIO, times: 1)
        await #expect(throws: UploadError.self) { try await room.store.complete(id) }
        let count = room.disk.synchronizationCount(of: "data/uploads/\(id)/data.part")
        await #expect {
            try await room.store.complete(id)
        } throws: { error in
            guard case .storage(.latched) = error as? UploadError else { return false }
            return true
        }
        #expect(room.disk.synchronizationCount(of: "data/uploads/\(id)/data.part") == count)
    }

    @Test func aRollBackThatFailsLatchesTheUpload() async throws {
        let receiver = try await room.store.receive(id, chunk: 1)
        try await receiver.take(Array(content[3_000...]))
        try await receiver.flush()
        room.disk.fail(.ftruncate, at: "data.part", with: EIO, times: 1)
        await receiver.cancel()
        await #expect(throws: UploadError.self) { try await room.store.receive(id, chunk: 1) }
    }

    @Test func aClaimThatFindsNoSpaceMayBeTriedAgain() async throws {
        try await room.send(content[3_000...], to: id, chunk: 1)
        _ = try await room.store.complete(id)
        room.disk.fail(.mkdir, at: "blobs", with: ENOSPC, times: 1)
        await #expect(throws: UploadError.self) { try await room.store.claim(id) }
        _ = try await room.store.claim(id)
        #expect(try await room.content(of: id) == content)
    }

    @Test func aBeginningThatFailsLeavesNothing() async throws {
        let names = try room.disk.list("data/uploads")
        let first = room.disk.mutationCount + 1
        _ = try await room.begin(1)
        let count = room.disk.mutationCount - first + 1
        for offset in 0..<count {
            let next = try Warehouse()
            let before = next.disk.mutationCount
            next.disk.failCall(before + 1 + offset, with: EIO)
            await #expect(throws: UploadError.self, "call \(offset)") { try await next.begin(1) }
            #expect(try next.disk.list("data/uploads").isEmpty)
        }
        #expect(names == [id])
    }
}
