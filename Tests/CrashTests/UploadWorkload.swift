import Blobs
import Disk
import JSON
import TestSupport

/// Uploads in small chunks and smaller frames, which end in every possible stage.
enum UploadWorkload {
    typealias Uploads = Ledger<UploadLedger>

    static let claimed = UploadPlan(name: "claimed.bin", chunkByteCounts: [4_000, 4_096, 700])
    static let resumed = UploadPlan(name: "resumed.bin", chunkByteCounts: [3_000, 2_500, 1_200])
    static let empty = UploadPlan(name: "empty.bin", chunkByteCounts: [])
    static let aborted = UploadPlan(name: "aborted.bin", chunkByteCounts: [1_500, 1_500])
    static let removed = UploadPlan(name: "removed.bin", chunkByteCounts: [2_100])

    static func open(_ disk: FaultDisk) throws(StorageError) -> BlobStore {
        var options = BlobStore.Options()
        options.frameByteCount = 2 << 10
        options.chunkByteCountMin = 1 << 10
        options.chunkByteCountDefault = 4 << 10
        options.chunkByteCountMax = 8 << 10
        options.clock = { Timestamp(microseconds: 1_795_000_000_000_000) }
        return try BlobStore(directory: RecordWorkload.directory, options: options, on: disk)
    }

    /// Runs all uploads, in two processes one after the other.
    static func run(_ disk: FaultDisk, _ ledger: Uploads) async throws {
        var uploader = Uploader(try open(disk), disk, ledger)
        try await uploader.begin(claimed)
        try await uploader.sendRest(of: claimed)
        try await uploader.complete(claimed)
        try await uploader.claim(claimed)
        try await uploader.begin(resumed)
        try await uploader.send(resumed, chunk: 0)
        try await uploader.breakOff(resumed, chunk: 1)
        try await uploader.send(resumed, chunk: 0)
        try await uploader.send(resumed, chunk: 1)
        try await uploader.begin(aborted)
        try await uploader.send(aborted, chunk: 0)
        await uploader.store.close()
        uploader.noteEverythingDurable()

        uploader = Uploader(try open(disk), disk, ledger)
        try await uploader.sendRest(of: resumed)
        try await uploader.complete(resumed)
        try await uploader.abort(aborted)
        try await uploader.begin(empty)
        try await uploader.complete(empty)
        try await uploader.begin(removed)
        try await uploader.sendRest(of: removed)
        try await uploader.complete(removed)
        try await uploader.claim(removed)
        try await uploader.remove(removed)
        await uploader.store.close()
    }
}
