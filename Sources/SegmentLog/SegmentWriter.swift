internal import Disk
internal import JSON

/// Writes batches to the active segment and begins new segments; used by one caller at a time.
///
/// Between two calls the active segment contains exactly the durable lines, unless a call has failed as `broken`.
struct SegmentWriter: Sendable {
    /// Why a batch is not durable.
    enum Failure: Error, Sendable, Hashable {
        /// No space, or no descriptor for the next segment. The written part of the batch is cut off durably, and the
        /// next batch can be written.
        case passing(StorageError)
        /// The content on the disk is unknown. No more may be written until the log was opened again.
        case broken(StorageError)

        /// Classifies the error of beginning a segment.
        init(rolling error: StorageError) {
            switch error.failedCall?.call {
            case .open, .stat: self = .passing(error)
            case .fdatasync, .fsync: self = .broken(error)
            default: self = error.isNoSpace ? .passing(error) : .broken(error)
            }
        }
    }

    private let disk: any Disk
    private let directory: String
    private let manifest: ManifestFile
    /// The first sequence of the active segment.
    private var first: UInt64
    private var file: File
    /// The number of durable bytes of the active segment, and their checksum.
    private var byteCount: Int64
    private var digest: XXH3Digest

    /// Creates a writer that continues after the `byteCount` durable bytes of `file`, the active segment of `manifest`.
    init(
        _ manifest: ManifestFile,
        _ file: File,
        byteCount: Int64,
        digest: XXH3Digest,
        directory: String,
        on disk: any Disk
    ) {
        self.manifest = manifest
        first = manifest.current.active.first
        self.file = file
        self.byteCount = byteCount
        self.digest = digest
        self.directory = directory
        self.disk = disk
    }

    /// Makes a batch durable: one write, one sync.
    ///
    /// A batch of another segment begins that segment first; an empty batch does only this.
    mutating func write(_ batch: borrowing Batch) throws(Failure) {
        if batch.start.segment != first {
            do { try roll(to: batch.start.segment) } catch { throw Failure(rolling: error) }
        }
        guard !batch.bytes.isEmpty else { return }
        do {
            try file.write(batch.bytes, at: byteCount)
        } catch {
            try cut(after: error)
        }
        do { try file.synchronize() } catch { throw .broken(error) }
        batch.bytes.withUnsafeBytes { digest.update($0) }
        byteCount += Int64(batch.bytes.count)
    }

    /// Closes the active segment, all of whose bytes are durable, and begins the one that starts with `first`.
    ///
    /// The new file and its name are durable before the manifest lists it, and the manifest before the first append to
    /// it. After a crash in between there is an empty file that no manifest lists; opening removes it. After a
    /// temporary failure it is used again: the next batch begins with the same sequence.
    mutating func roll(to first: UInt64) throws(StorageError) {
        let newFile = try File("\(directory)/\(SegmentName.make(SegmentID(first: first)))", .updateOrCreate, on: disk)
        try disk.synchronizeDirectory(directory)
        try manifest.update { $0 = $0.rolled(to: first, byteCount: byteCount, digest: digest.hex) }
        self.first = first
        (file, byteCount, digest) = (newFile, 0, XXH3Digest())
    }

    /// Cuts off what a failed write may have written, if the disk is only full.
    ///
    /// The cut is synced: otherwise a crash could mix the cut bytes with those that are written in their place.
    private func cut(after error: StorageError) throws(Failure) -> Never {
        guard error.isNoSpace else { throw .broken(error) }
        do {
            try file.truncate(to: byteCount)
            try file.synchronize()
        } catch {
            throw .broken(error)
        }
        throw .passing(error)
    }

    /// Stores the durable length in the manifest, so that the next open takes none of it for a torn tail.
    mutating func finish() throws(StorageError) {
        guard manifest.current.active.byteCount != byteCount else { return }
        try manifest.update { $0.active.byteCount = byteCount }
    }
}
