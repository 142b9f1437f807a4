internal import Disk
internal import Dispatch
internal import JSON
internal import Synchronization
internal import Zstd

/// Writes the finished frames of one upload in the order of their content.
///
/// Frames come from the workers in any order. Everything here happens on the upload's queue, one thing at a time.
/// What was written since the last ``commit()`` can be taken back: the file is cut to where the last chunk ended.
final class FrameWriter: @unchecked Sendable {
    /// The file as the chunks that count have left it.
    struct Position {
        var frames: [SeekTable.Frame] = []
        var storedByteCount: Int64 = 0
        var digest = XXH3Digest()
    }

    let file: File
    private let queue: DispatchQueue
    private let pool: FramePool
    private let space: DiskSpace?
    /// Whether a write has failed, for whoever is still sending; read from any thread.
    private let hasFailed = Atomic<Bool>(false)

    // From here on touched on `queue` only.
    private(set) var frames: [SeekTable.Frame]
    private(set) var storedByteCount: Int64
    private var digest: XXH3Digest
    private var committedFrameCount: Int
    private var committedByteCount: Int64
    private var committedDigest: XXH3Digest
    private(set) var failure: StorageError?
    /// Frames that are finished before an earlier one.
    private var early: [Int: FrameBuffer] = [:]
    private var nextNumber = 0
    private var drained: (number: Int, body: () -> Void)?

    init(_ file: File, at position: Position, queue: DispatchQueue, pool: FramePool, space: DiskSpace?) {
        self.file = file
        self.queue = queue
        self.pool = pool
        self.space = space
        frames = position.frames
        storedByteCount = position.storedByteCount
        digest = position.digest.copy()
        committedFrameCount = position.frames.count
        committedByteCount = position.storedByteCount
        committedDigest = position.digest
    }

    /// Whether frames are being thrown away because an earlier one could not be written; safe from any thread.
    var isFailing: Bool { hasFailed.load(ordering: .relaxed) }

    /// XXH3-128 of all bytes that count, as they stand in the file.
    var committedHex: String { committedDigest.hex }

    /// The frames written since the last commit.
    var uncommittedFrames: ArraySlice<SeekTable.Frame> { frames[committedFrameCount...] }

    /// Takes a finished frame from a worker; safe from any thread.
    func put(_ frame: FrameBuffer) {
        queue.async {
            self.early[frame.number] = frame
            while let next = self.early.removeValue(forKey: self.nextNumber) {
                self.write(next)
                self.nextNumber += 1
                self.pool.finish(next)
            }
            self.runIfDrained()
        }
    }

    /// Runs `body` on the queue as soon as all frames numbered below `number` are written or thrown away.
    func whenDrained(to number: Int, _ body: @escaping @Sendable () -> Void) {
        queue.async {
            precondition(self.drained == nil, "one chunk at a time")
            self.drained = (number, body)
            self.runIfDrained()
        }
    }

    /// What was written so far counts.
    func commit() {
        committedFrameCount = frames.count
        committedByteCount = storedByteCount
        committedDigest = digest.copy()
    }

    /// What was written since the last commit never counted.
    ///
    /// - Throws: where the file cannot be cut; its end is then in doubt.
    func rollBack() throws(StorageError) {
        frames.removeSubrange(committedFrameCount...)
        storedByteCount = committedByteCount
        digest = committedDigest.copy()
        failure = nil
        hasFailed.store(false, ordering: .relaxed)
        if try file.byteCount > committedByteCount { try file.truncate(to: committedByteCount) }
    }

    private func write(_ frame: FrameBuffer) {
        guard failure == nil else { return }
        do throws(StorageError) {
            // The reserve may have been lent since the chunk began.
            if let full = space?.refusal { throw full }
            try file.write(frame.storedBytes, at: storedByteCount)
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
        guard let drained, nextNumber >= drained.number else { return }
        self.drained = nil
        drained.body()
    }
}
