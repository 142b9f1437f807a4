internal import Disk
internal import Dispatch
internal import JSON
internal import NIOConcurrencyHelpers

/// Group commit: collects appends while a group is being synced, and makes them durable together as the next.
///
/// Appenders compose their lines under a short lock. One serial queue, a thread of its own and none of Swift's
/// cooperative ones, takes a batch, writes it, syncs it, applies it and wakes its appenders. So 64 appenders share a
/// sync instead of waiting for 64, and the log's order, the file's and that of `apply` are one.
/// Rejected: an actor, whose hops cost 10–50 % here, and a pause to let groups grow, which one appender pays alone.
final class Committer: Sendable {
    private let options: SegmentLog.Options
    private let apply: @Sendable (LogEntry) -> Void
    private let queue: DispatchQueue
    private let writer: NIOLockedValueBox<SegmentWriter>
    private let state: NIOLockedValueBox<CommitQueue>

    init(
        _ options: SegmentLog.Options,
        _ writer: SegmentWriter,
        at position: LogPosition,
        _ statistics: LogStatistics,
        apply: @escaping @Sendable (LogEntry) -> Void
    ) {
        self.options = options
        self.apply = apply
        self.queue = DispatchQueue(label: "ledge.log.\(options.name)")
        self.writer = NIOLockedValueBox(writer)
        self.state = NIOLockedValueBox(CommitQueue(at: position, statistics))
    }

    var statistics: LogStatistics {
        state.withLockedValue { $0.statistics }
    }

    /// Returns when the record is durable and applied; see ``SegmentLog/append(_:)``.
    func append(
        _ compose: @Sendable (UInt64, Timestamp, inout [UInt8]) -> Void
    ) async throws(SegmentError) -> RecordPointer {
        let result = await withCheckedContinuation { continuation in
            switch state.withLockedValue({ $0.add(continuation, options, compose) }) {
            case .queued: break
            case .queuedFirst: queue.async { self.drain() }
            case .refused(let error): continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// Refuses further appends, waits for those that are under way and writes down what is durable.
    func close() async throws(SegmentError) {
        state.withLockedValue { $0.isClosed = true }
        let error = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.finish()) }
        }
        if let error { throw error }
    }

    /// Writes batches until there are none.
    private func drain() {
        while var batch = state.withLockedValue({ $0.takeBatch() }) {
            var failure: SegmentWriter.Failure?
            writer.withLockedValue { writer in
                do throws(SegmentWriter.Failure) { try writer.write(batch) } catch { failure = error }
            }
            if let failure {
                fail(batch, failure)
            } else {
                state.withLockedValue { $0.noteDurable(batch) }
                batch.apply(apply)
                batch.resume()
            }
            batch.empty(keepingByteCountMax: options.batchByteCountMax * 2)
            state.withLockedValue { swap(&$0.spare, &batch) }
        }
    }

    private func fail(_ batch: Batch, _ failure: SegmentWriter.Failure) {
        let (error, others) = state.withLockedValue { $0.noteFailure(failure) }
        for failed in [batch] + others { failed.resume(failing: error) }
    }

    private func finish() -> SegmentError? {
        // An appender may have left its batch just before the door closed, and not woken the queue yet.
        drain()
        if let latch = statistics.latch { return .latched(latch) }
        return writer.withLockedValue { writer in
            do throws(DiskError) {
                try writer.finish()
                return nil
            } catch {
                return error.isNoSpace ? .noSpace(error) : .disk(error)
            }
        }
    }
}
