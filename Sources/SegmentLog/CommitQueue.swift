internal import Disk
internal import JSON

/// What the appenders and the committer of a log share under its lock: the batches that wait, and where they will go.
///
/// Every record is composed for its final place. So when a batch fails, those behind it fail with it, and the next
/// record follows on the last durable one.
struct CommitQueue: Sendable {
    /// Batches that wait to be written, oldest first; only the last one takes more.
    private var batches: [Batch] = []
    /// An empty batch whose buffers are used again.
    var spare = Batch()
    /// The position behind the last durable record.
    private var durable: LogPosition
    /// The position behind the batch that is being written; else `durable`.
    private var taken: LogPosition
    /// Whether the committer is at work or has been called.
    private var isDraining = false
    var isClosed = false
    private(set) var statistics: LogStatistics

    init(at position: LogPosition, _ statistics: LogStatistics) {
        durable = position
        taken = position
        self.statistics = statistics
    }

    /// What an appender has to do about its record.
    enum Outcome {
        /// Wait: the committer will come to it.
        case queued
        /// Wait, and call the committer.
        case queuedFirst
        case refused(SegmentError)
    }

    /// Composes a record at the end of the last batch.
    mutating func add(
        _ continuation: Batch.Continuation,
        _ options: SegmentLog.Options,
        _ compose: (UInt64, Timestamp, inout [UInt8]) -> Void
    ) -> Outcome {
        if let latch = statistics.latch { return .refused(.latched(latch)) }
        guard !isClosed else { return .refused(.closed) }
        if batches.last.map({ $0.bytes.count >= options.batchByteCountMax }) ?? true { beginBatch(options) }
        let last = batches.count - 1
        let error = batches[last].add(
            at: options.clock(),
            byteCountMax: options.recordByteCountMax,
            continuation,
            compose
        )
        if let error {
            if batches[last].waiters.isEmpty { batches.removeLast() }
            return .refused(error)
        }
        defer { isDraining = true }
        return isDraining ? .queued : .queuedFirst
    }

    /// Begins a batch behind all others, and with it a segment where the last one is full.
    private mutating func beginBatch(_ options: SegmentLog.Options) {
        var start = batches.last?.end ?? taken
        if start.offset >= options.segmentByteCountMax {
            start = LogPosition(segment: start.sequence, lastTime: start.lastTime)
        }
        var batch = Batch()
        swap(&batch, &spare)
        batch.restart(at: start, log: options.name)
        batches.append(batch)
    }

    /// Takes the oldest batch out, or returns nil and lets the committer rest.
    mutating func takeBatch() -> Batch? {
        guard !batches.isEmpty else {
            isDraining = false
            return nil
        }
        let batch = batches.removeFirst()
        taken = batch.end
        return batch
    }

    /// Counts a batch that was synced.
    mutating func noteDurable(_ batch: borrowing Batch) {
        if batch.end.segment != durable.segment { statistics.segmentCount += 1 }
        statistics.byteCount += Int64(batch.bytes.count)
        statistics.recordCount += UInt64(batch.waiters.count)
        statistics.lastSequence = batch.end.sequence - 1
        statistics.commitCount += 1
        statistics.noSpace = nil
        durable = batch.end
    }

    /// Notes why a batch failed, and returns what to tell its appenders and those of the batches behind it.
    mutating func noteFailure(_ failure: SegmentWriter.Failure) -> (error: SegmentError, others: [Batch]) {
        let others = batches
        batches = []
        taken = durable
        switch failure {
        case .passing(let error):
            guard error.isNoSpace else { return (.disk(error), others) }
            statistics.noSpace = error
            return (.noSpace(error), others)
        case .broken(let error):
            statistics.latch = error
            return (.latched(error), others)
        }
    }
}
