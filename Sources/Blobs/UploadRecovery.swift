internal import Disk
internal import JSON

/// Finds out from its directory where an upload stands; nothing is remembered anywhere else.
///
/// Blocks, as long as reading and decoding what has been received takes.
/// Of an unfinished upload it keeps the longest run of chunks whose journal lines, frames and digests all verify: after
/// the death of the process that is every chunk that was answered, after a power cut at least the durable ones. The rest
/// is cut off both files, and both are synced, so what recovery reports is durable.
///
/// What no line of the journal calls durable is written again first, at most 64 MiB or so: where a sync has failed in the
/// last process the kernel keeps pages that look clean and are not on the disk, and no later sync would store them.
/// A complete file is taken at its tail's word: it was synced before it got its name. The name itself is synced again,
/// because the last process may have died before it could.
struct UploadRecovery: Sendable {
    /// Where an upload goes on.
    struct Start {
        let data: File
        let journal: File
        var journalByteCount: Int64
        var position = FrameWriter.Position()
        var digest = ContentDigest()
        var receivedByteCount: Int64 = 0
        var lastChunk: UploadState.Chunk?
        var lastActivity: Timestamp
    }

    let id: BlobID
    let shop: BlobWorkshop

    private var disk: any Disk { shop.disk }
    private var paths: BlobPaths { shop.paths }

    /// Makes the files of a new upload; it survives a power cut when this returns.
    func begin(_ header: UploadJournal.Header) throws(StorageError) -> Upload {
        try disk.createDirectory(paths.upload(id))
        let data = try File(paths.data(of: id), .create, on: disk)
        let journal = try File(paths.journal(of: id), .create, on: disk)
        let line = UploadJournal.line(header)
        try journal.write(line, at: 0)
        try journal.synchronize()
        try disk.synchronizeDirectory(paths.upload(id))
        try disk.synchronizeDirectory(paths.uploads)
        let start = Start(
            data: data,
            journal: journal,
            journalByteCount: Int64(line.count),
            lastActivity: header.createdAt
        )
        return Upload(header, from: start, shop: shop)
    }

    /// Returns the upload as it is on disk, repaired; nil where nothing can be made of it.
    func run() throws(UploadError) -> Upload? {
        do throws(StorageError) {
            let contents = try journal()
            if let path = try completePath() {
                return try complete(at: path, contents)
            }
            guard let contents, try exists(paths.data(of: id)) else { return nil }
            return try unfinished(contents)
        } catch {
            throw .of(error)
        }
    }

    /// The size the upload declared, read from the head of its journal; 0 where that cannot be made out.
    func declaredByteCount() throws(StorageError) -> Int64 {
        let bytes = try disk.contents(of: paths.journal(of: id), byteCountMax: UploadJournal.headerByteCountMax)
        return bytes.flatMap { UploadJournal.parse($0, of: id) }?.header.byteCount ?? 0
    }

    /// When something last happened to the upload, read without verifying its content.
    func lastActivity() throws(StorageError) -> Timestamp {
        let contents = try journal()
        if let path = try completePath() {
            return try BlobReader(id, at: path, contexts: shop.contexts, on: disk).description.createdAt
        }
        if let contents { return contents.lastActivity }
        return try age()
    }

    /// When the newest file of a beginning that was never answered changed: its age is all there is to know.
    private func age() throws(StorageError) -> Timestamp {
        let directory = paths.upload(id)
        var newest = try disk.entry(directory)?.modifiedMicroseconds ?? 0
        for name in try disk.list(directory) {
            newest = max(newest, try disk.entry("\(directory)/\(name)")?.modifiedMicroseconds ?? 0)
        }
        return Timestamp(microseconds: newest)
    }

    private func journal() throws(StorageError) -> UploadJournal.Contents? {
        let bytes = try disk.contents(of: paths.journal(of: id), byteCountMax: UploadJournal.byteCountMax)
        return bytes.flatMap { UploadJournal.parse($0, of: id) }
    }

    private func exists(_ path: String) throws(StorageError) -> Bool {
        try disk.entry(path) != nil
    }

    /// Where the complete file is: still here, or among the blobs already when claiming was cut off.
    private func completePath() throws(StorageError) -> String? {
        if try exists(paths.complete(id)) { return paths.complete(id) }
        if try !exists(paths.data(of: id)), try exists(paths.blob(id)) { return paths.blob(id) }
        return nil
    }

    private func complete(at path: String, _ contents: UploadJournal.Contents?) throws(StorageError) -> Upload {
        // The new name before the loss of the old one, as in claiming.
        if path == paths.blob(id) {
            try disk.synchronizeDirectory(paths.blobs)
            try disk.synchronizeDirectory(paths.shelf(of: id))
        }
        try disk.synchronizeDirectory(paths.upload(id))
        let blob = try BlobReader(id, at: path, contexts: shop.contexts, on: disk).description
        let header =
            contents?.header
            ?? UploadJournal.Header(
                id: id,
                fileName: blob.fileName,
                byteCount: blob.byteCount,
                chunkByteCount: shop.options.chunkByteCountDefault,
                createdAt: blob.createdAt
            )
        return Upload(header, completedAs: blob, chunkCount: contents?.chunks.count ?? 0, shop: shop)
    }

    private func unfinished(_ contents: UploadJournal.Contents) throws(StorageError) -> Upload {
        var start = Start(
            data: try File(paths.data(of: id), .update, on: disk),
            journal: try File(paths.journal(of: id), .update, on: disk),
            journalByteCount: contents.chunkOffsets.first ?? contents.end,
            lastActivity: contents.lastActivity
        )
        var scan = ChunkScan(of: start.data, contexts: shop.contexts)
        for (index, chunk) in contents.chunks.enumerated() {
            if let error = scan.verify(chunk) {
                // A chunk that is not what its line says ends the run; a disk that cannot be read ends recovery.
                guard error.isCorrupt else { throw error }
                break
            }
            let isLast = index + 1 == contents.chunks.count
            start.journalByteCount = isLast ? contents.end : contents.chunkOffsets[index + 1]
            start.lastChunk = .init(index: index, byteCount: chunk.byteCount, digest: chunk.digest)
            start.receivedByteCount += Int64(chunk.byteCount)
        }
        start.position = scan.position
        start.digest = scan.digest
        let durable = contents.durableEnd(after: scan.position.storedByteCount)
        try settle(start.data, from: durable.stored, to: scan.position.storedByteCount)
        try settle(start.journal, from: durable.journal, to: start.journalByteCount)
        return Upload(contents.header, from: start, shop: shop)
    }

    /// Cuts a file to `end` and makes it durable, whatever became of the syncs of earlier processes.
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
    /// Up to where data and journal are known to be on stable storage, of the chunks that end at `storedEnd` or before.
    fileprivate func durableEnd(after storedEnd: Int64) -> (stored: Int64, journal: Int64) {
        let durableChunkCount = chunks.last?.durableChunkCount ?? 0
        guard let last = chunks.prefix(durableChunkCount).last(where: { $0.storedEnd <= storedEnd }) else {
            return (0, chunkOffsets.first ?? end)
        }
        let next = last.index + 1
        return (last.storedEnd, next < chunks.count ? chunkOffsets[next] : end)
    }
}
