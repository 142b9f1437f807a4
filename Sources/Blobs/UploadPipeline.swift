internal import Disk
internal import Dispatch
internal import Synchronization

/// The path of an upload's bytes to the disk, while it is receiving.
///
///     receiver → a place in the pool → workers: encode → writer: frames in order, journal line → receipt
///                                    ↘ hasher: digests, in order         ↘ background sync
///
/// A chunk survives the process when its journal line is written, after its last frame. ``Upload`` decides what counts.
final class UploadPipeline: Sendable {
    private let id: BlobID
    private let context: BlobContext
    private let writer: UploadWriter
    private let hasher: ContentHasher
    private let sync: BackgroundSync
    private let probe = CompressionProbe()
    private let submittedCount = Atomic<Int>(0)

    /// Continues where `start` ends, in files that are durable up to there.
    ///
    /// `queue` is the upload's own. `syncFailed` is called once, when a sync has failed.
    init(
        _ id: BlobID,
        from start: UploadDirectory.Start,
        on queue: DispatchQueue,
        _ context: BlobContext,
        syncFailed: @escaping @Sendable (StorageError) -> Void
    ) {
        self.id = id
        self.context = context
        writer = UploadWriter(id, from: start, on: queue, context)
        hasher = ContentHasher(start.digest, pool: context.pool)
        sync = BackgroundSync(from: start, failed: syncFailed)
    }

    var durableByteCount: Int64 { sync.durable.receivedByteCount }

    /// Whether submitted frames are discarded, because an earlier write of the chunk has failed.
    var isFailing: Bool { writer.isFailing }

    /// Returns when few enough bytes are not durable yet for another chunk.
    func waitForSync() async {
        await sync.waitForSync()
    }

    /// Submits a frame; the caller has acquired a place for it and must not use it afterwards.
    func submit(_ frame: FrameBuffer) {
        frame.number = submittedCount.add(1, ordering: .relaxed).oldValue
        frame.isWorthTrying = probe.isWorthTrying(frame.number)
        frame.enter(userCount: 2)
        hasher.add(frame)
        context.pool.workers.async { [encoder = context.encoder, writer, probe] in
            encoder.encode(frame)
            probe.learn(from: frame)
            writer.put(frame)
        }
    }

    /// Runs `body` on the upload's queue when all submitted frames are written or discarded.
    func whenDrained(_ body: @escaping @Sendable () -> Void) {
        writer.whenDrained(to: submittedCount.load(ordering: .relaxed), body)
    }

    /// Commits the drained frames as this chunk: it survives a crash of the process afterwards.
    ///
    /// - Throws: Why a frame or the journal line could not be written; ``rollBack()`` must follow.
    func commit(_ chunk: UploadState.Chunk) throws(StorageError) {
        try writer.commit(chunk, durableChunkCount: sync.durable.chunkCount)
        hasher.commit()
        sync.note(chunk, storedByteCount: writer.storedByteCount)
    }

    /// Restores files and digests to the end of the last committed chunk.
    ///
    /// - Throws: Why a file cannot be cut; where it ends is then unknown.
    func rollBack() throws(StorageError) {
        hasher.rollBack()
        try writer.rollBack()
    }

    /// Writes the tail of the file and makes all of it durable; blocks.
    ///
    /// - Throws: What the disk reported; ``rollBack()`` must follow.
    func seal(fileName: String) throws(StorageError) -> BlobTail {
        let tail = BlobTail(
            of: id,
            fileName: fileName,
            frames: writer.frames,
            content: hasher.values(),
            storedXXH3_128: writer.committedHex,
            createdAt: context.options.clock()
        )
        try writer.writeTail(tail.bytes)
        try sync.finish()
        return tail
    }

    /// Makes all committed chunks durable; blocks.
    func synchronize() throws(StorageError) {
        try sync.finish()
    }
}
