import Blobs
import Disk
import TestSupport
import Testing

/// Limits on unfinished uploads.
struct UnfinishedLimitTests {
    private static func store(on disk: any Disk, _ change: (inout BlobStore.Options) -> Void) throws -> BlobStore {
        var options = BlobStore.Options()
        change(&options)
        return try BlobStore(directory: "data", options: options, on: disk)
    }

    @Test func uploadsPerOwnerAreLimited() async throws {
        let disk = FaultDisk()
        try disk.createDirectory("data")
        let blobs = try Self.store(on: disk) { $0.unfinishedUploadCountPerOwnerMax = 1 }
        let first = try await blobs.begin(fileName: "f", byteCount: 1, owner: "a")
        await #expect(throws: UploadError.tooManyUploadsOfOwner(countMax: 1)) {
            try await blobs.begin(fileName: "f", byteCount: 1, owner: "a")
        }
        _ = try await blobs.begin(fileName: "f", byteCount: 1, owner: "b")
        _ = try await blobs.begin(fileName: "f", byteCount: 1)
        try await blobs.abort(first.id)
        _ = try await blobs.begin(fileName: "f", byteCount: 1, owner: "a")
        await blobs.close()
    }

    @Test func declaredBytesAreCountedAfterARestart() async throws {
        let disk = FaultDisk()
        try disk.createDirectory("data")
        let limit: (inout BlobStore.Options) -> Void = { $0.unfinishedByteCountMax = 100 }
        let before = try Self.store(on: disk, limit)
        let first = try await before.begin(fileName: String(repeating: "\u{1}", count: 1024), byteCount: 60)
        await before.close()
        let blobs = try Self.store(on: disk, limit)
        await #expect(throws: UploadError.tooManyUnfinishedBytes(byteCountMax: 100)) {
            try await blobs.begin(fileName: "f", byteCount: 41)
        }
        _ = try await blobs.begin(fileName: "f", byteCount: 40)
        try await blobs.abort(first.id)
        _ = try await blobs.begin(fileName: "f", byteCount: 60)
        await blobs.close()
    }
}
