internal import Disk
internal import Dispatch
internal import JSON
internal import Synchronization
internal import Zstd

/// Writes the finished frames of one upload in the order of their content, and the journal line after each chunk.
///
/// Frames come from the workers in any order. Files are written on the upload's queue only. What was written since the
/// last commit can be rolled back: both files are cut to where the last chunk ended.
final class UploadWriter: @unchecked Sendable {
    /// The end of the committed chunks in `data.part`.
    struct Position {
        var frames: [SeekTable.Frame] = []
        var storedByteCount: Int64 = 0
        var digest = XXH3Digest()
    }

    private let id: BlobID
    private let data: File
    private let journal: File
    private let queue: DispatchQueue
    private let context: BlobContext
    /// Whether a write has failed; read from any thread.
    private let hasFailed = Atomic<Bool>(false)

    // Accessed on `queue` only.
    private(set) var frames: [SeekTable.Frame]
    private(set) var storedByteCount: Int64
    private var digest: XXH3Digest
    private var committedFrameCount: Int
    private var committedByteCount: Int64
    private var committedDigest: XXH3Digest
    private var journalByteCount: Int64
    private var failure: StorageError?
    /// Frames that are finished before an earlier one.
    private var early: [Int: FrameBuffer] = [:]
    private var nextNumber = 0
    /// What waits for frames to be written, in the order in which it was asked for.
    private var drained: [(number: Int, body: () -> Void)] = []

    init(_ id: BlobID, from start: UploadDirectory.Start, on queue: DispatchQueue, _ context: BlobContext) {
        self.id = id
        self.queue = queue
        self.context = context
        data = start.data
        journal = start.journal
        journalByteCount = start.journalByteCount
        frames = start.position.frames
        storedByteCount = start.position.storedByteCount
        digest = start.position.digest.copy()
        committedFrameCount = start.position.frames.count
        committedByteCount = start.position.storedByteCount
        committedDigest = start.position.digest
    }

    /// Whether frames are discarded because an earlier one could not be written; safe from any thread.
    var isFailing: Bool { hasFailed.load(ordering: .relaxed) }

    /// XXH3-128 of the committed bytes as they are stored.
    var committedHex: String { committedDigest.hex }

    /// Takes a finished frame from a worker; safe from any thread.
    func put(_ frame: FrameBuffer) {
        queue.async {
            self.early[frame.number] = frame
            while let next = self.early.removeValue(forKey: self.nextNumber) {
                self.write(next)
                self.nextNumber += 1
                self.context.pool.finish(next)
            }
            self.runIfDrained()
        }
    }

    /// Runs `body` on the queue as soon as all frames numbered below `number` are written or discarded, and earlier
    /// bodies have run.
    func whenDrained(to number: Int, _ body: @escaping @Sendable () -> Void) {
        queue.async {
            self.drained.append((number, body))
            self.runIfDrained()
        }
    }

    /// Commits the frames written since the last commit as this chunk, by writing its journal line.
    ///
    /// - Throws: Why a frame or the line could not be written; ``rollBack()`` must follow.
    func commit(_ chunk: UploadState.Chunk, durableChunkCount: Int) throws(StorageError) {
        dispatchPrecondition(condition: .onQueue(queue))
        if let failure { throw failure }
        let frames = frames[committedFrameCount...].map { frame in
            UploadJournal.Chunk.Frame(
                storedByteCount: Int(frame.storedByteCount),
                contentByteCount: Int(frame.contentByteCount)
            )
        }
        let entry = UploadJournal.Chunk(
            index: chunk.index,
            byteCount: chunk.byteCount,
            storedEnd: storedByteCount,
            frames: frames,
            digest: chunk.digest,
            durableChunkCount: durableChunkCount,
            at: context.options.clock()
        )
        let line = UploadJournal.line(entry, of: id, at: journalByteCount)
        try journal.write(line, at: journalByteCount)
        journalByteCount += Int64(line.count)
        committedFrameCount = self.frames.count
        committedByteCount = storedByteCount
        committedDigest = digest.copy()
    }

    /// Writes bytes after the last frame; ``rollBack()`` cuts them off.
    func writeTail(_ bytes: [UInt8]) throws(StorageError) {
        dispatchPrecondition(condition: .onQueue(queue))
        try data.write(bytes, at: storedByteCount)
    }

    /// Discards what was written since the last commit.
    ///
    /// - Throws: Why a file cannot be cut; where it ends is then unknown.
    func rollBack() throws(StorageError) {
        dispatchPrecondition(condition: .onQueue(queue))
        frames.removeSubrange(committedFrameCount...)
        storedByteCount = committedByteCount
        digest = committedDigest.copy()
        failure = nil
        hasFailed.store(false, ordering: .relaxed)
        if try data.byteCount > committedByteCount { try data.truncate(to: committedByteCount) }
        if try journal.byteCount > journalByteCount { try journal.truncate(to: journalByteCount) }
    }

    private func write(_ frame: FrameBuffer) {
        guard failure == nil else { return }
        do throws(StorageError) {
            // The reserve may be in use since the chunk began.
            try context.admit()
            try data.write(frame.storedBytes, at: storedByteCount)
        } catch {
            failure = error
            hasFailed.store(true, ordering: .relaxed)
            return
        }
        frames.append(frame.entry)
        storedByteCount += Int64(frame.storedByteCount)
        digest.update(frame.storedBytes)
    }

    private func runIfDrained() {
        dispatchPrecondition(condition: .onQueue(queue))
        while let first = drained.first, nextNumber >= first.number {
            drained.removeFirst()
            first.body()
        }
    }
}
