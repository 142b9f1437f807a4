internal import Blobs
internal import Disk
internal import Store

/// What ``BlobCheck`` rightly passes over in an upload, since it never was durable or is not read any more.
///
/// A power cut leaves such bytes, and the server cuts them off; a reader should know of them all the same.
enum UploadRemainder {
    /// Returns the first such place of an upload without violations, or nil where all of it verifies.
    static func finding(after found: BlobCheck.Finding, in scan: DirectoryScan) throws(StorageError) -> Finding? {
        guard let id = BlobID(found.entry.id) else { return nil }
        let paths = BlobPaths(scan.directory.path)
        let path = paths.journal(of: id)
        let bytes = try scan.disk.contents(of: path, byteCountMax: UploadJournal.byteCountMax) ?? []
        let journal = UploadJournal.parse(bytes, of: id)
        let rest = Int64(bytes.count) - (journal?.end ?? 0)
        if rest > 0 {
            let isComplete = found.entry.kind == .completeUpload
            let reason: Finding.Reason = isComplete ? .obsoleteJournal : .neverDurable(byteCount: rest)
            return Finding(path: path, offset: journal?.end ?? 0, reason: reason)
        }
        guard found.entry.kind == .unfinishedUpload, let chunks = journal?.chunks else { return nil }
        return chunkFinding(chunks, verifiedByteCount: found.byteCount, path: paths.data(of: id))
    }

    /// Returns where the chunks begin that the journal has and the data has not.
    private static func chunkFinding(
        _ chunks: [UploadJournal.Chunk],
        verifiedByteCount: Int64,
        path: String
    ) -> Finding? {
        var byteCount: Int64 = 0
        var storedEnd: Int64 = 0
        for chunk in chunks {
            byteCount += Int64(chunk.byteCount)
            guard byteCount <= verifiedByteCount else {
                let lost = (chunks.last?.storedEnd ?? storedEnd) - storedEnd
                return Finding(path: path, offset: storedEnd, reason: .neverDurable(byteCount: lost))
            }
            storedEnd = chunk.storedEnd
        }
        return nil
    }
}
