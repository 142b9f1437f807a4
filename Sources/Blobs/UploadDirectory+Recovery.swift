internal import Disk
internal import JSON

/// Finds the state of an upload of an earlier process: its directory is all that is needed.
///
/// Blocks, as long as reading and decoding what was received takes.
/// Of an unfinished upload it keeps the longest run of chunks whose journal lines, frames and digests all verify. After a
/// crash of the process these are all acknowledged chunks, after a power cut at least the durable ones. The rest of both
/// files is cut off, and both are synced, so what recovery reports is durable.
///
/// What no line of the journal calls durable is written again first, at most about 64 MiB: after a failed sync in the
/// last process the kernel has pages that look clean and are not on the disk, and no later sync would store them.
/// The content of a complete file is not read: it was synced before it got its name. The name is synced again, because
/// the last process may have crashed before it did.
extension UploadDirectory {
    /// Returns the upload, with its files repaired; nil if the directory is not that of an acknowledged upload.
    func recover() throws(UploadError) -> Upload? {
        do throws(StorageError) {
            let contents = try journal()
            if let path = try completePath() { return try complete(at: path, contents) }
            guard let contents, try exists(paths.data(of: id)) else { return nil }
            return try unfinished(contents)
        } catch {
            throw .of(error)
        }
    }

    /// Returns the declared size from the head of the journal; 0 if it cannot be read from there.
    func declaredByteCount() throws(StorageError) -> Int64 {
        try journal(byteCountMax: UploadJournal.headerByteCountMax)?.header.byteCount ?? 0
    }

    /// Removes the upload if its lifetime has passed since the last activity; returns whether it did.
    func removeIfExpired() throws(StorageError) -> Bool {
        let options = context.options
        guard try lastActivity().advanced(by: options.uploadLifetime) <= options.expiryTime else { return false }
        try remove()
        return true
    }

    /// Returns the time of the last activity, without verifying the content.
    func lastActivity() throws(StorageError) -> Timestamp {
        let contents = try journal()
        if let file = try completeFile() { return file.description.createdAt }
        if let contents { return contents.lastActivity }
        return try age()
    }

    /// Returns when the newest file changed, of an upload that was never acknowledged.
    private func age() throws(StorageError) -> Timestamp {
        let directory = paths.upload(id)
        var newest = try disk.entry(directory)?.modifiedMicroseconds ?? 0
        for name in try disk.list(directory) {
            newest = max(newest, try disk.entry("\(directory)/\(name)")?.modifiedMicroseconds ?? 0)
        }
        return Timestamp(microseconds: newest)
    }

    private func journal(
        byteCountMax: Int = UploadJournal.byteCountMax
    ) throws(StorageError) -> UploadJournal.Contents? {
        let bytes = try disk.contents(of: paths.journal(of: id), byteCountMax: byteCountMax)
        return bytes.flatMap { UploadJournal.parse($0, of: id) }
    }

    private func complete(at path: String, _ contents: UploadJournal.Contents?) throws(StorageError) -> Upload {
        // The new name before the loss of the old one, as in claiming.
        if path == paths.blob(id) {
            try disk.synchronizeDirectory(paths.blobs)
            try disk.synchronizeDirectory(paths.directory(of: id))
        }
        try disk.synchronizeDirectory(paths.upload(id))
        let blob = try BlobReader(id, at: path, contexts: context.contexts, on: disk).description
        let header =
            contents?.header
            ?? UploadJournal.Header(
                id: id,
                fileName: blob.fileName,
                byteCount: blob.byteCount,
                chunkByteCount: context.options.chunkByteCountDefault,
                createdAt: blob.createdAt
            )
        return Upload(header, completedAs: blob, chunkCount: contents?.chunks.count ?? 0, in: self)
    }

    private func unfinished(_ contents: UploadJournal.Contents) throws(StorageError) -> Upload {
        var start = Start(
            data: try File(paths.data(of: id), .update, on: disk),
            journal: try File(paths.journal(of: id), .update, on: disk),
            journalByteCount: contents.end(ofChunks: 0),
            lastActivity: contents.lastActivity
        )
        var scan = ChunkScan(of: start.data, contexts: context.contexts)
        for (index, chunk) in contents.chunks.enumerated() {
            if let error = scan.verify(chunk) {
                // A chunk that is not what its line describes ends the run; a disk that cannot be read ends recovery.
                guard error.isCorrupt else { throw error }
                break
            }
            start.journalByteCount = contents.end(ofChunks: index + 1)
            start.lastChunk = .init(index: index, byteCount: chunk.byteCount, digest: chunk.digest)
            start.receivedByteCount += Int64(chunk.byteCount)
        }
        start.position = scan.position
        start.digest = scan.digest
        let durable = contents.durableEnd(before: scan.position.storedByteCount)
        try settle(start.data, from: durable.stored, to: scan.position.storedByteCount)
        try settle(start.journal, from: durable.journal, to: start.journalByteCount)
        return Upload(contents.header, from: start, in: self)
    }

    /// Cuts a file to `end` and makes it durable, independent of the syncs of earlier processes.
    private func settle(_ file: File, from durableEnd: Int64, to end: Int64) throws(StorageError) {
        if try file.byteCount > end { try file.truncate(to: end) }
        var offset = durableEnd
        while offset < end {
            let bytes = try file.bytes(at: offset, count: Int(min(end - offset, 1 << 20)))
            guard !bytes.isEmpty else { break }
            try file.write(bytes, at: offset)
            offset += Int64(bytes.count)
        }
        try file.synchronize()
    }
}

extension UploadJournal.Contents {
    /// Where the journal line of the last of the first `count` chunks ends.
    fileprivate func end(ofChunks count: Int) -> Int64 {
        count < chunks.count ? chunkOffsets[count] : end
    }

    /// Up to where data and journal are known to be on stable storage, of the chunks that end at `storedEnd` or before.
    fileprivate func durableEnd(before storedEnd: Int64) -> (stored: Int64, journal: Int64) {
        let durable = chunks.prefix(chunks.last?.durableChunkCount ?? 0)
        guard let last = durable.last(where: { $0.storedEnd <= storedEnd }) else { return (0, end(ofChunks: 0)) }
        return (last.storedEnd, end(ofChunks: last.index + 1))
    }
}
