internal import Concurrency
internal import Disk
internal import Dispatch
internal import NIOConcurrencyHelpers

/// Follows an upload with `fdatasync`, so that its dirty pages stay few and its durable offset is close to its end.
///
/// A sync starts when 16 MiB have been stored since the last one began, and covers the data first, then the journal.
/// When 64 MiB are not durable yet, the next chunk waits: a disk slower than its clients slows them down instead of
/// filling the page cache.
///
/// After a power cut at least the chunks up to ``durable`` are there. A sync that fails is never repeated, because the
/// kernel may have dropped the pages: the upload is latched.
final class BackgroundSync: Sendable {
    /// A moment between two chunks.
    struct Mark: Sendable, Hashable {
        var chunkCount = 0
        /// Bytes of content received.
        var receivedByteCount: Int64 = 0
        /// Bytes of `data.part`.
        var storedByteCount: Int64 = 0
    }

    private struct State {
        var latest: Mark
        var durable: Mark
        var isRunning = false
        var failure: StorageError?

        var lag: Int64 { latest.storedByteCount - durable.storedByteCount }
    }

    private static let interval: Int64 = 16 << 20
    private static let lagMax: Int64 = 64 << 20

    private let queue = DispatchQueue(label: "ledge.blobs.sync")
    private let data: File
    private let journal: File
    private let failed: @Sendable (StorageError) -> Void
    private let state: NIOLockedValueBox<State>

    /// Follows an upload from `start`, which is on stable storage already; `failed` is called once, when a sync fails.
    init(from start: UploadDirectory.Start, failed: @escaping @Sendable (StorageError) -> Void) {
        data = start.data
        journal = start.journal
        self.failed = failed
        let durable = Mark(
            chunkCount: start.lastChunk.map { $0.index + 1 } ?? 0,
            receivedByteCount: start.receivedByteCount,
            storedByteCount: start.position.storedByteCount
        )
        state = NIOLockedValueBox(State(latest: durable, durable: durable))
    }

    /// What a power cut would leave at least.
    var durable: Mark { state.withLockedValue { $0.durable } }

    /// Notes a committed chunk, after which `data.part` has this length.
    func note(_ chunk: UploadState.Chunk, storedByteCount: Int64) {
        state.withLockedValue { state in
            state.latest.chunkCount = chunk.index + 1
            state.latest.receivedByteCount += Int64(chunk.byteCount)
            state.latest.storedByteCount = storedByteCount
        }
        startIfDue()
    }

    /// Returns when few enough bytes are not durable yet for more to be written.
    func waitForSync() async {
        // A sync that is running is on the queue, or about to be.
        while state.withLockedValue({ $0.lag >= Self.lagMax && $0.isRunning }) { await queue.run {} }
    }

    /// Makes everything written so far durable, bytes after the last chunk included; blocks.
    func finish() throws(StorageError) {
        queue.sync { synchronize() }
        if let failure = state.withLockedValue({ $0.failure }) { throw failure }
    }

    private func startIfDue() {
        let isDue = state.withLockedValue { state in
            guard !state.isRunning, state.failure == nil, state.lag >= Self.interval else { return false }
            state.isRunning = true
            return true
        }
        guard isDue else { return }
        queue.async {
            self.synchronize()
            self.startIfDue()
        }
    }

    /// Syncs both files once.
    private func synchronize() {
        dispatchPrecondition(condition: .onQueue(queue))
        let mark = state.withLockedValue { state -> Mark? in
            guard state.failure == nil else { return nil }
            state.isRunning = true
            return state.latest
        }
        guard let mark else { return }
        var failure: StorageError?
        do throws(StorageError) {
            try data.synchronize()
            try journal.synchronize()
        } catch {
            failure = error
            failed(error)
        }
        state.withLockedValue { state in
            if failure == nil { state.durable = mark }
            state.failure = failure
            state.isRunning = false
        }
    }
}
