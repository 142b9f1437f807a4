internal import Blobs
internal import Disk
internal import Store

/// Finds bytes of an upload that ``BlobCheck`` ignores, because they never were durable or are not read any more.
///
/// They are left by a power cut, and the server cuts them off; they are reported as notes.
enum UploadRemainder {
    /// Returns the first such place of an upload without violations, or nil if there is none.
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

    /// Returns the start of the chunks that are in the journal but not in the data.
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
