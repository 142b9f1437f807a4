internal import Disk
internal import Dispatch
internal import JSON
internal import NIOConcurrencyHelpers

/// Group commit: collects appends while a group is being synced, and makes them durable together as the next.
///
/// Appenders compose their lines under a short lock. One serial queue, which blocks none of Swift's cooperative
/// threads, takes a batch, writes it, syncs it, applies it and resumes its appenders. So 64 appenders share one sync,
/// and the order of records is the same in the log, in the file and in the calls of `apply`. Rejected: an actor, whose
/// hops cost 10–50 % here, and a pause to let groups grow, which delays a single appender.
final class Committer: Sendable {
    private let options: SegmentLog.Options
    private let apply: @Sendable (LogEntry) -> Void
    private let files: SegmentFiles
    private let tail: LogTail
    private let queue: DispatchQueue
    private let writer: NIOLockedValueBox<SegmentWriter>
    private let state: NIOLockedValueBox<CommitQueue>

    init(
        _ options: SegmentLog.Options,
        _ writer: SegmentWriter,
        at position: LogPosition,
        _ statistics: LogStatistics,
        _ files: SegmentFiles,
        _ tail: LogTail,
        apply: @escaping @Sendable (LogEntry) -> Void
    ) {
        self.options = options
        self.apply = apply
        self.files = files
        self.tail = tail
        self.queue = DispatchQueue(label: "ledge.log.\(options.name)")
        self.writer = NIOLockedValueBox(writer)
        self.state = NIOLockedValueBox(CommitQueue(at: position, statistics))
    }

    var statistics: LogStatistics {
        state.withLockedValue { $0.statistics }
    }

    var newestTime: Timestamp {
        state.withLockedValue { $0.newestTime }
    }

    var active: SegmentSummary {
        state.withLockedValue { $0.active }
    }

    func noteReplaced(_ replacement: Replacement) {
        state.withLockedValue { $0.noteReplaced(replacement) }
    }

    /// Composes records, and returns the time of the last one when all are durable and applied.
    func append(count: Int, frees: Bool, _ compose: Batch.Composition) async throws(StorageError) -> Timestamp {
        let result = await withCheckedContinuation { continuation in
            switch state.withLockedValue({ $0.add(count: count, frees: frees, continuation, options, compose) }) {
            case .queued: break
            case .queuedFirst: queue.async { self.drain() }
            case .refused(let error): continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// Returns when the batches that free space may use the reserve.
    func useReserve(of space: DiskSpace) async {
        await withCheckedContinuation { continuation in
            queue.async {
                space.useReserve()
                continuation.resume()
            }
        }
    }

    /// Closes the active segment and begins the next one, unless it is empty; returns when that is durable.
    func roll() async throws(StorageError) {
        let first = try state.withLockedValue { $0.roll(options) }.get()
        await withCheckedContinuation { continuation in
            queue.async {
                self.drain()
                continuation.resume()
            }
        }
        let (active, latch, failure) = state.withLockedValue { ($0.active, $0.statistics.latch, $0.passingFailure) }
        guard active.id.first < first else { return }
        if let latch { throw .latched(latch) }
        throw failure ?? .closed
    }

    /// Refuses further appends, waits for pending ones, and stores the durable length in the manifest.
    func close() async throws(StorageError) {
        state.withLockedValue { $0.isClosed = true }
        let error = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.finish()) }
        }
        if let error { throw error }
    }

    /// Writes batches until there are none.
    private func drain() {
        while var batch = state.withLockedValue({ $0.takeBatch() }) {
            if let failure = write(batch) {
                fail(batch, failure)
            } else {
                let hasRolled = state.withLockedValue { $0.noteDurable(batch) }
                if hasRolled { files.list(SegmentID(first: batch.end.segment)) }
                tail.append(batch.bytes, at: batch.start)
                batch.apply(apply)
                batch.resume()
                if hasRolled { options.didClose() }
            }
            batch.empty(keepingByteCountMax: options.batchByteCountMax * 2)
            state.withLockedValue { swap(&$0.spare, &batch) }
        }
    }

    /// Makes a batch durable, or returns why it failed.
    private func write(_ batch: borrowing Batch) -> SegmentWriter.Failure? {
        // Records that were composed before the reserve was in use must not consume it.
        if !batch.frees, !batch.rolls, let full = options.space?.refusal { return .passing(full) }
        return writer.withLockedValue { writer in
            do throws(SegmentWriter.Failure) {
                try writer.write(batch)
                options.space?.noteWritten()
                return nil
            } catch {
                if case .passing(let failure) = error { options.space?.note(failure) }
                return error
            }
        }
    }

    private func fail(_ batch: Batch, _ failure: SegmentWriter.Failure) {
        let (error, others) = state.withLockedValue { $0.noteFailure(failure, options) }
        for failed in [batch] + others { failed.resume(failing: error) }
    }

    private func finish() -> StorageError? {
        // An appender may have added its batch just before the log was closed, without having scheduled the queue yet.
        drain()
        if let latch = statistics.latch { return .latched(latch) }
        return writer.withLockedValue { writer in
            do throws(StorageError) {
                // The few hundred bytes of the manifest may use the reserve on a full disk.
                if let space = options.space { try space.usingReserve(writer.finish()) } else { try writer.finish() }
                return nil
            } catch {
                return error
            }
        }
    }
}
