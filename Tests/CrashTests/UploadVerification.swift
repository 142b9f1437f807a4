import Blobs
import Disk
import TestSupport

/// Compares the uploads and blobs on a disk with their ledger, by completing every upload.
enum UploadVerification {
    /// Opens the remaining disk, checks it, continues, completes and claims all uploads, and cuts the power again.
    static func run(_ disk: FaultDisk, _ ledger: UploadWorkload.Uploads) async throws {
        try check(disk)
        let store = try UploadWorkload.open(disk)
        let uploads = ledger.entries.uploads.values.sorted { $0.plan.name < $1.plan.name }
        var blobs: [UploadLedger.Upload] = []
        for upload in uploads where try await finish(upload, in: store, disk, ledger) { blobs.append(upload) }

        // Uploads that were finished just now were acknowledged too.
        let last = disk.powerCut(keeping: .nothing)
        try check(last)
        let reopened = try UploadWorkload.open(last)
        for upload in blobs {
            guard try await Uploader.content(of: upload.id, in: reopened) == upload.plan.content else {
                throw Broken("\(upload.plan.name): is another file after its claim")
            }
        }
        try check(last)
    }

    /// Completes an upload and compares it, and returns whether it is a blob now.
    private static func finish(
        _ upload: UploadLedger.Upload,
        in store: BlobStore,
        _ disk: FaultDisk,
        _ ledger: UploadWorkload.Uploads
    ) async throws -> Bool {
        let plan = upload.plan
        if upload.claimed != .not, try await isBlob(upload, in: store) {
            if upload.removed == .acknowledged { throw Broken("\(plan.name): exists although it was removed") }
            if upload.claimed == .acknowledged {
                guard try await status(of: upload, in: store) == nil else {
                    throw Broken("\(plan.name): has a token that was used")
                }
                return true
            }
        }
        if upload.claimed == .acknowledged {
            guard upload.removed == .not else { return false }
            throw Broken("\(plan.name): is lost although it was claimed")
        }
        guard let status = try await status(of: upload, in: store) else {
            if upload.claimed == .attempted, try await isBlob(upload, in: store) { return true }
            guard upload.removed == .not else { return false }
            throw Broken("\(plan.name): is unknown")
        }
        if upload.removed == .acknowledged { throw Broken("\(plan.name): exists although it was aborted") }
        if !status.isComplete {
            if upload.completed == .acknowledged { throw Broken("\(plan.name): is not complete") }
            try compare(status, upload, disk)
            ledger.enter { $0.change(plan) { $0.durableByteCount = Int(status.durableByteCount) } }
            for index in status.nextChunkIndex..<max(status.nextChunkIndex, plan.chunkByteCounts.count) {
                _ = try await Uploader.send(plan, chunk: index, to: store, upload.id)
            }
        }
        ledger.enter { $0.change(plan) { $0.completed = max($0.completed, .attempted) } }
        let completed = try await store.upload(upload.id).complete()
        ledger.enter { $0.change(plan) { ($0.completed, $0.claimed) = (.acknowledged, .attempted) } }
        guard completed.byteCount == Int64(plan.byteCount) else { throw Broken("\(plan.name): has another size") }
        _ = try await store.claim(completed.token)
        ledger.enter { $0.change(plan) { $0.claimed = .acknowledged } }
        guard try await isBlob(upload, in: store) else { throw Broken("\(plan.name): is lost by its claim") }
        return true
    }

    /// Throws if the progress of an unfinished upload contradicts the ledger.
    private static func compare(_ status: UploadStatus, _ upload: UploadLedger.Upload, _ disk: FaultDisk) throws {
        let name = upload.plan.name
        guard upload.plan.boundaries[status.nextChunkIndex] == Int(status.receivedByteCount) else {
            throw Broken("\(name): continues in the middle of a chunk, at \(status.receivedByteCount)")
        }
        let least = disk.powerCutCount == 0 ? upload.receivedByteCount : upload.durableByteCount
        guard status.receivedByteCount >= least else {
            throw Broken("\(name): continues at \(status.receivedByteCount) although \(least) bytes were safe")
        }
        guard status.durableByteCount <= status.receivedByteCount else { throw Broken("\(name): claims too much") }
    }

    /// Returns the status of the upload, or nil if it does not exist.
    private static func status(of upload: UploadLedger.Upload, in store: BlobStore) async throws -> UploadStatus? {
        do {
            return try await store.upload(upload.id).status
        } catch {
            guard error == .unknownUpload else { throw error }
            return nil
        }
    }

    /// Returns whether the upload is a blob, after comparing every byte of it.
    private static func isBlob(_ upload: UploadLedger.Upload, in store: BlobStore) async throws -> Bool {
        let content: [UInt8]
        do {
            content = try await Uploader.content(of: upload.id, in: store)
        } catch {
            guard error as? UploadError == .unknownBlob else { throw error }
            return false
        }
        guard content == upload.plan.content else { throw Broken("\(upload.plan.name): has other bytes") }
        return true
    }

    /// Throws if the offline check finds a violation.
    private static func check(_ disk: FaultDisk) throws {
        for entry in try BlobCheck.entries(in: RecordWorkload.directory, on: disk) {
            if let violation = try BlobCheck.check(entry, on: disk).violations.first {
                throw Broken("check: \(violation)")
            }
        }
    }
}
