internal import Dispatch

/// The digests of one upload's content, computed frame after frame on a queue of their own.
///
/// SHA-256 cannot be split over cores (1.4 GB/s here), so it runs beside compressing and writing and may lag behind the
/// answers by as many frames as the pipeline holds; only completing waits for it. What was added since the last
/// ``commit()`` can be forgotten: that is what becomes of a chunk that was cut off.
final class ContentHasher: @unchecked Sendable {
    private let queue = DispatchQueue(label: "ledge.blobs.hash", target: .global())
    private let pool: FramePool
    // Both are touched on `queue` only.
    private var running: ContentDigest
    private var committed: ContentDigest

    init(_ digest: ContentDigest, pool: FramePool) {
        running = digest.copy()
        committed = digest
        self.pool = pool
    }

    /// Adds the content of a frame and then lets go of it.
    func add(_ frame: FrameBuffer) {
        queue.async {
            self.running.update(frame.contentBytes)
            self.pool.finish(frame)
        }
    }

    /// What was added so far counts.
    func commit() {
        queue.async { self.committed = self.running.copy() }
    }

    /// What was added since the last commit never counted.
    func rollBack() {
        queue.async { self.running = self.committed.copy() }
    }

    /// The digests of all that counts; blocks until the queue has caught up.
    func values() -> ContentDigest.Values {
        queue.sync { committed.values }
    }
}
