internal import Disk
internal import Dispatch
internal import NIOConcurrencyHelpers

/// Follows an upload with `fdatasync`, so that its dirty pages stay few and its durable offset close behind.
///
/// A sync starts when 16 MiB have been stored since the last one began, and covers the data first, then the journal.
/// When 64 MiB are not durable yet, the next chunk waits: a disk slower than its clients slows them down instead of
/// filling the page cache.
///
/// After a power cut at least the chunks up to ``durable`` are there. A sync that fails is never repeated: the
/// kernel may have dropped the pages, so the upload is latched.
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
        /// Where the running sync began, or nil where none runs.
        var started: Mark?
        var failure: StorageError?
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let interval: Int64 = 16 << 20
    private static let lagMax: Int64 = 64 << 20

    private let queue = DispatchQueue(label: "ledge.blobs.sync")
    private let data: File
    private let journal: File
    private let latch: @Sendable (StorageError) -> Void
    private let state: NIOLockedValueBox<State>

    /// Follows from `durable`, which is on stable storage already; `latch` is called once, when a sync has failed.
    init(data: File, journal: File, durable: Mark, latch: @escaping @Sendable (StorageError) -> Void) {
        self.data = data
        self.journal = journal
        self.latch = latch
        state = NIOLockedValueBox(State(latest: durable, durable: durable))
    }

    /// What a power cut would leave at least.
    var durable: Mark { state.withLockedValue { $0.durable } }

    /// A chunk counts: its frames and its journal line are written.
    func note(_ mark: Mark) {
        state.withLockedValue { $0.latest = mark }
        startIfDue()
    }

    /// Returns when the disk is close enough behind for more to be written.
    func waitForRoom() async {
        await withCheckedContinuation { continuation in
            let hasRoom = state.withLockedValue { state in
                let lag = state.latest.storedByteCount - state.durable.storedByteCount
                guard lag >= Self.lagMax, state.started != nil, state.failure == nil else { return true }
                state.waiting.append(continuation)
                return false
            }
            if hasRoom { continuation.resume() }
        }
    }

    /// Makes everything written so far durable, bytes after the last chunk included; blocks.
    func finish() throws(StorageError) {
        queue.sync { synchronize() }
        if let failure = state.withLockedValue({ $0.failure }) { throw failure }
    }

    private func startIfDue() {
        let isDue = state.withLockedValue { state in
            guard state.started == nil, state.failure == nil,
                state.latest.storedByteCount - state.durable.storedByteCount >= Self.interval
            else { return false }
            state.started = state.latest
            return true
        }
        guard isDue else { return }
        queue.async {
            self.synchronize()
            self.startIfDue()
        }
    }

    /// One sync of both files; runs on `queue`.
    private func synchronize() {
        let mark = state.withLockedValue { state -> Mark? in
            guard state.failure == nil else { return nil }
            state.started = state.latest
            return state.latest
        }
        guard let mark else { return }
        var failure: StorageError?
        do throws(StorageError) {
            try data.synchronize()
            try journal.synchronize()
        } catch {
            failure = error
            latch(error)
        }
        let waiting = state.withLockedValue { state in
            if failure == nil { state.durable = mark }
            state.failure = failure
            state.started = nil
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
