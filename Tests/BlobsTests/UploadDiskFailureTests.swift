import Blobs
import Disk
import Glibc
import TestSupport
import Testing

/// An upload can continue after a full disk; a failed write or sync ends it.
struct UploadDiskFailureTests {
    let fixture: UploadFixture
    let id: String
    let content: [UInt8]

    init() async throws {
        var generator = SeededGenerator()
        content = generator.bytes(count: 6_000)
        fixture = try UploadFixture()
        id = try await fixture.begin(6_000)
        try await fixture.send(content[..<3_000], to: id, chunk: 0)
    }

    private func finish() async throws {
        try await fixture.send(content[3_000...], to: id, chunk: 1)
        _ = try await fixture.store.upload(id).complete()
        _ = try await fixture.store.claim(id)
        #expect(try await fixture.content(of: id) == content)
        #expect(try fixture.violations().isEmpty)
    }

    @Test(arguments: ["data.part", "journal.jsonl"])
    func chunkWithoutSpaceCanBeRepeated(_ name: String) async throws {
        fixture.disk.fail(.pwrite, at: name, with: ENOSPC, times: 1)
        await #expect {
            try await fixture.send(content[3_000...], to: id, chunk: 1)
        } throws: { error in
            guard let error = error as? UploadError, error.isNoSpace else { return false }
            return error.storageError?.failedCall?.path.hasSuffix(name) == true
        }
        #expect(try await fixture.store.upload(id).status.receivedByteCount == 3_000)
        try await finish()
    }

    @Test func completeWithoutSpaceCanBeRepeated() async throws {
        try await fixture.send(content[3_000...], to: id, chunk: 1)
        let byteCount = fixture.disk.bytes(of: "data/uploads/\(id)/data.part")?.count
        fixture.disk.fail(.pwrite, at: "data.part", with: ENOSPC, times: 1)
        await #expect(throws: UploadError.self) { try await fixture.store.upload(id).complete() }
        #expect(
            fixture.disk.bytes(of: "data/uploads/\(id)/data.part")?.count == byteCount,
            "what was written is cut off"
        )
        #expect(try await fixture.store.upload(id).complete().byteCount == 6_000)
    }

    @Test func failedWriteLatchesTheUpload() async throws {
        fixture.disk.fail(.pwrite, at: "data.part", with: EIO, times: 1)
        await #expect(throws: UploadError.self) { try await fixture.send(content[3_000...], to: id, chunk: 1) }
        await #expect {
            try await fixture.send(content[3_000...], to: id, chunk: 1)
        } throws: { error in
            guard case .storage(.latched(let latch)) = error as? UploadError else { return false }
            return latch.cause.code == EIO && latch.cause.call == .pwrite
        }
        try await fixture.store.abort(id)
    }

    @Test func failedSyncIsNotRepeated() async throws {
        try await fixture.send(content[3_000...], to: id, chunk: 1)
        fixture.disk.fail(.fdatasync, at: "data.part", with: EIO, times: 1)
        await #expect(throws: UploadError.self) { try await fixture.store.upload(id).complete() }
        let count = fixture.disk.synchronizationCount(of: "data/uploads/\(id)/data.part")
        await #expect {
            try await fixture.store.upload(id).complete()
        } throws: { error in
            guard case .storage(.latched) = error as? UploadError else { return false }
            return true
        }
        #expect(fixture.disk.synchronizationCount(of: "data/uploads/\(id)/data.part") == count)
    }

    @Test func failedRollBackLatchesTheUpload() async throws {
        let receiver = try await fixture.store.upload(id).receive(chunk: 1)
        try await receiver.take(Array(content[3_000...]))
        try await receiver.flush()
        fixture.disk.fail(.ftruncate, at: "data.part", with: EIO, times: 1)
        await receiver.cancel()
        await #expect(throws: UploadError.self) { try await fixture.store.upload(id).receive(chunk: 1) }
    }

    @Test func claimWithoutSpaceCanBeRepeated() async throws {
        try await fixture.send(content[3_000...], to: id, chunk: 1)
        _ = try await fixture.store.upload(id).complete()
        fixture.disk.fail(.mkdir, at: "blobs", with: ENOSPC, times: 1)
        await #expect(throws: UploadError.self) { try await fixture.store.claim(id) }
        _ = try await fixture.store.claim(id)
        #expect(try await fixture.content(of: id) == content)
    }

    @Test func failedBeginLeavesNoFiles() async throws {
        let names = try fixture.disk.list("data/uploads")
        let first = fixture.disk.mutationCount + 1
        _ = try await fixture.begin(1)
        let count = fixture.disk.mutationCount - first + 1
        for offset in 0..<count {
            let next = try UploadFixture()
            let before = next.disk.mutationCount
            next.disk.failCall(before + 1 + offset, with: EIO)
            await #expect(throws: UploadError.self, "call \(offset)") { try await next.begin(1) }
            #expect(try next.disk.list("data/uploads").isEmpty)
        }
        #expect(names == [id])
    }
}
