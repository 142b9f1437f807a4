internal import Dispatch

/// The digests of one upload's content, computed frame after frame on a queue of their own.
///
/// SHA-256 cannot be split over cores (1.4 GB/s here), so it runs in parallel with compressing and writing. The
/// responses to chunks do not wait for it; only completing does. What was added since the last ``commit()`` can be
/// discarded with the chunk that it came from.
final class ContentHasher: @unchecked Sendable {
    private let queue = DispatchQueue(label: "ledge.blobs.hash", target: .global())
    private let pool: FramePool
    // Both are accessed on `queue` only.
    private var running: ContentDigest
    private var committed: ContentDigest

    init(_ digest: ContentDigest, pool: FramePool) {
        running = digest.copy()
        committed = digest
        self.pool = pool
    }

    /// Adds the content of a frame, and ends its use of the frame.
    func add(_ frame: FrameBuffer) {
        queue.async {
            self.running.update(frame.contentBytes)
            self.pool.finish(frame)
        }
    }

    /// Commits what was added so far.
    func commit() {
        queue.async { self.committed = self.running.copy() }
    }

    /// Discards what was added since the last commit.
    func rollBack() {
        queue.async { self.running = self.committed.copy() }
    }

    /// Returns the digests of what is committed; blocks until the queue has processed all frames.
    func values() -> ContentDigest.Values {
        queue.sync { committed.values }
    }
}
