internal import Disk
internal import Dispatch
internal import JSON
internal import NIOConcurrencyHelpers
internal import Synchronization
internal import Zstd

/// What all uploads of a store share.
struct BlobWorkshop: Sendable {
    let pool: FramePool
    let contexts: ZstdContexts
    let encoder: FrameEncoder
    let paths: BlobPaths
    let disk: any Disk
    let options: BlobStore.Options
    /// The space on the disk and its reserve; nil where nobody watches it.
    let space: DiskSpace?

    init(paths: BlobPaths, options: BlobStore.Options, coreCount: Int, space: DiskSpace?, on disk: any Disk) {
        pool = FramePool(frameByteCount: options.frameByteCount, placeCount: 2 * coreCount)
        contexts = ZstdContexts()
        encoder = FrameEncoder(contexts: contexts, level: options.compressionLevel)
        self.paths = paths
        self.disk = disk
        self.options = options
        self.space = space
    }

    /// Throws where nothing may be written but what frees space.
    func admit() throws(UploadError) {
        if let full = space?.refusal { throw .storage(full) }
    }

    /// Runs what writes, and remembers whether it found space.
    func writing<Value>(_ body: @autoclosure () throws(UploadError) -> Value) throws(UploadError) -> Value {
        try admit()
        do throws(UploadError) {
            let value = try body()
            space?.noteWritten()
            return value
        } catch {
            if case .storage(let failure) = error { space?.note(failure) }
            throw error
        }
    }

    /// Runs what frees space, with the reserve where the disk is full.
    func freeing(_ body: @autoclosure () throws(StorageError) -> Void) throws(StorageError) {
        if let space { try space.lending(body()) } else { try body() }
    }

    /// Refuses everything but removal for an upload, of which it is unknown what a failed call has left on the disk.
    func latch(_ rules: NIOLockedValueBox<UploadState>, of id: BlobID, because error: StorageError) {
        guard let cause = error.failedCall else { preconditionFailure("only a failed call leaves bytes in doubt") }
        let since = options.clock().microseconds
        rules.withLockedValue { $0.latch(Latch("upload \(id.text)", cause: cause, sinceMicroseconds: since)) }
    }
}

/// The way of an upload's bytes to the disk, while it is receiving.
///
///     receiver → a place in the pool → workers: encode → upload's queue: write in order → journal line → receipt
///                                    ↘ hasher: digests, in order                        ↘ background sync
///
/// A chunk counts when its journal line is written, after its last frame: from then on it survives the process.
final class UploadPipeline: Sendable {
    private let id: BlobID
    private let shop: BlobWorkshop
    private let rules: NIOLockedValueBox<UploadState>
    private let writer: FrameWriter
    private let hasher: ContentHasher
    private let sync: BackgroundSync
    private let journal: File
    private let probe = CompressionProbe()
    private let submittedCount = Atomic<Int>(0)
    /// Where the journal's next line goes; touched on the upload's queue only.
    private let journalEnd: NIOLockedValueBox<Int64>

    /// Goes on where `start` stands, in files that are durable up to there.
    init(
        _ id: BlobID,
        from start: UploadRecovery.Start,
        rules: NIOLockedValueBox<UploadState>,
        queue: DispatchQueue,
        shop: BlobWorkshop
    ) {
        self.id = id
        self.shop = shop
        self.rules = rules
        journal = start.journal
        journalEnd = NIOLockedValueBox(start.journalByteCount)
        let mark = BackgroundSync.Mark(
            chunkCount: rules.withLockedValue { $0.nextChunkIndex },
            receivedByteCount: rules.withLockedValue { $0.receivedByteCount },
            storedByteCount: start.position.storedByteCount
        )
        sync = BackgroundSync(data: start.data, journal: start.journal, durable: mark) { error in
            shop.latch(rules, of: id, because: error)
        }
        writer = FrameWriter(start.data, at: start.position, queue: queue, pool: shop.pool, space: shop.space)
        hasher = ContentHasher(start.digest, pool: shop.pool)
    }

    var durableByteCount: Int64 { sync.durable.receivedByteCount }

    /// Whether what is sent now is thrown away, because an earlier write of the chunk has failed.
    var isFailing: Bool { writer.isFailing }

    /// Returns when the disk has caught up far enough for another chunk.
    func waitForRoom() async {
        await sync.waitForRoom()
    }

    /// Sends a frame on its way; the caller has taken a place for it and must not touch it any more.
    func submit(_ frame: FrameBuffer) {
        frame.number = submittedCount.add(1, ordering: .relaxed).oldValue
        frame.isWorthTrying = probe.isWorthTrying(frame.number)
        frame.enter(userCount: 2)
        hasher.add(frame)
        shop.pool.workers.async { [encoder = shop.encoder, writer, probe] in
            encoder.encode(frame)
            probe.learn(from: frame)
            writer.put(frame)
        }
    }

    /// Lets the arriving chunk count: it survives a crash of the process when this returns.
    ///
    /// - Throws: why it does not count; it is rolled back then.
    func commit(digest: String) async throws(UploadError) -> UploadState.Chunk {
        let result = await withCheckedContinuation { continuation in
            writer.whenDrained(to: submittedCount.load(ordering: .relaxed)) {
                let result = Result { () throws(UploadError) in
                    try self.shop.writing(self.commitDrained(digest))
                }
                if case .failure(let error) = result { self.rollBackDrained(because: error.storageError) }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// Takes the arriving chunk back, and calls `done` when another one may come.
    func rollBack(_ done: @escaping @Sendable () -> Void) {
        writer.whenDrained(to: submittedCount.load(ordering: .relaxed)) {
            self.rollBackDrained(because: nil)
            done()
        }
    }

    /// Writes the tail and makes the whole file durable; blocks, on the upload's queue.
    ///
    /// - Throws: what the disk did; where the tail did not fit it was cut off, anything else latches.
    func seal(fileName: String) throws(StorageError) -> BlobTail {
        let tail = BlobTail(
            of: id,
            fileName: fileName,
            frames: writer.frames,
            content: hasher.values(),
            storedXXH3_128: writer.committedHex,
            createdAt: shop.options.clock()
        )
        do throws(StorageError) {
            try writer.file.write(tail.bytes, at: writer.storedByteCount)
            try sync.finish()
            return tail
        } catch {
            rollBackDrained(because: error)
            throw error
        }
    }

    /// Makes what counts durable; blocks.
    func finishSync() {
        // A failure has latched the upload by then, and nothing was promised yet.
        do { try sync.finish() } catch {}
    }

    private func commitDrained(_ digest: String) throws(UploadError) -> UploadState.Chunk {
        if let failure = writer.failure { throw .storage(failure) }
        if let objection = rules.withLockedValue({ $0.objection(toDigest: digest) }) { throw objection }
        try UploadError.wrap(writeJournalLine(digest))
        let (chunk, receivedByteCount) = rules.withLockedValue { rules in
            (rules.commit(digest: digest), rules.receivedByteCount)
        }
        writer.commit()
        hasher.commit()
        sync.note(
            BackgroundSync.Mark(
                chunkCount: chunk.index + 1,
                receivedByteCount: receivedByteCount,
                storedByteCount: writer.storedByteCount
            )
        )
        return chunk
    }

    private func writeJournalLine(_ digest: String) throws(StorageError) {
        let frames = writer.uncommittedFrames.map { frame in
            UploadJournal.Chunk.Frame(
                storedByteCount: Int(frame.storedByteCount),
                contentByteCount: Int(frame.contentByteCount)
            )
        }
        let offset = journalEnd.withLockedValue { $0 }
        let chunk = UploadJournal.Chunk(
            index: rules.withLockedValue { $0.nextChunkIndex },
            byteCount: frames.reduce(0) { $0 + $1.contentByteCount },
            storedEnd: writer.storedByteCount,
            frames: frames,
            digest: digest,
            durableChunkCount: sync.durable.chunkCount,
            at: shop.options.clock()
        )
        let line = UploadJournal.line(chunk, of: id, at: offset)
        try journal.write(line, at: offset)
        journalEnd.withLockedValue { $0 += Int64(line.count) }
    }

    /// Puts files and digests back to the last chunk that counts; latches where they cannot be, or are in doubt.
    private func rollBackDrained(because error: StorageError?) {
        if let error, case .disk = error, !error.isNoSpace { latch(error) }
        hasher.rollBack()
        do throws(StorageError) {
            try writer.rollBack()
            let end = journalEnd.withLockedValue { $0 }
            if try journal.byteCount > end { try journal.truncate(to: end) }
        } catch {
            latch(error)
        }
        rules.withLockedValue { $0.cancel() }
    }

    private func latch(_ error: StorageError) {
        shop.latch(rules, of: id, because: error)
    }
}
