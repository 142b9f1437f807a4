internal import Disk
internal import JSON

/// The state that the appenders and the committer of a log share under its lock: the waiting batches, and their places.
///
/// Every record is composed for its final place. So when a batch fails, all later ones fail with it, and the next
/// record follows the last durable one.
struct CommitQueue: Sendable {
    /// Batches that wait to be written, oldest first; records are added to the last one only.
    private var batches: [Batch] = []
    /// An empty batch whose buffers are reused.
    var spare = Batch()
    /// The position after the last durable record.
    private var durable: LogPosition
    /// The position after the batch that is being written; otherwise `durable`.
    private var taken: LogPosition
    /// Whether the committer is running or has been scheduled.
    private var isDraining = false
    var isClosed = false
    /// Why the last batch failed, if the next one may succeed.
    private(set) var passingFailure: StorageError?
    private(set) var statistics: LogStatistics

    init(at position: LogPosition, _ statistics: LogStatistics) {
        durable = position
        taken = position
        self.statistics = statistics
    }

    /// What an appender has to do after adding its records.
    enum Outcome {
        /// Wait: the committer is running.
        case queued
        /// Schedule the committer, and wait.
        case queuedFirst
        case refused(StorageError)
    }

    /// Composes an appender's records at the end of the last batch.
    mutating func add(
        count: Int,
        frees: Bool,
        _ continuation: Batch.Continuation,
        _ options: SegmentLog.Options,
        _ compose: Batch.Composition
    ) -> Outcome {
        if let refusal { return .refused(refusal) }
        if !frees, let full = options.space?.refusal { return .refused(full) }
        if batches.last.map({ $0.bytes.count >= options.batchByteCountMax }) ?? true { beginBatch(options) }
        let last = batches.count - 1
        let error = batches[last].add(
            count: count,
            frees: frees,
            at: options.clock(),
            byteCountMax: options.recordByteCountMax,
            continuation,
            compose
        )
        if let error {
            if batches[last].records.isEmpty, !batches[last].rolls { batches.removeLast() }
            return .refused(error)
        }
        defer { isDraining = true }
        return isDraining ? .queued : .queuedFirst
    }

    /// Why appends are refused now; nil if they are not.
    private var refusal: StorageError? {
        if let latch = statistics.latch { return .latched(latch) }
        return isClosed ? .closed : nil
    }

    /// Begins a batch after all others, and with it a segment if the last one is full or must end.
    private mutating func beginBatch(_ options: SegmentLog.Options, rolling: Bool = false) {
        var start = batches.last?.end ?? taken
        if rolling || start.offset >= options.segmentByteCountMax {
            start = LogPosition(segment: start.sequence, lastTime: start.lastTime)
        }
        var batch = Batch()
        swap(&batch, &spare)
        batch.restart(at: start, log: options.name)
        batch.rolls = rolling
        batches.append(batch)
    }

    /// Ends the segment after all records that were added, unless it is empty, with a batch that begins the next one.
    ///
    /// - Returns: The first sequence of the segment to which records are then appended.
    mutating func roll(_ options: SegmentLog.Options) -> Result<UInt64, StorageError> {
        if let refusal { return .failure(refusal) }
        let end = batches.last?.end ?? taken
        guard end.offset > 0 else { return .success(end.segment) }
        beginBatch(options, rolling: true)
        return .success(end.sequence)
    }

    /// The time of the newest durable record; the earliest time if there is none.
    var newestTime: Timestamp { durable.lastTime }

    /// The active segment, as far as it is durable.
    var active: SegmentSummary { SegmentSummary(active: durable) }

    /// Removes and returns the oldest batch; nil if there is none, which ends the committer's run.
    mutating func takeBatch() -> Batch? {
        guard !batches.isEmpty else {
            isDraining = false
            return nil
        }
        let batch = batches.removeFirst()
        taken = batch.end
        return batch
    }

    /// Counts a batch that was synced, and returns whether it began a segment.
    mutating func noteDurable(_ batch: borrowing Batch) -> Bool {
        let hasRolled = batch.end.segment != durable.segment
        if hasRolled { statistics.segmentCount += 1 }
        statistics.byteCount += Int64(batch.bytes.count)
        statistics.storedByteCount += Int64(batch.bytes.count)
        statistics.recordCount += UInt64(batch.records.count)
        statistics.lastSequence = batch.end.sequence - 1
        if !batch.records.isEmpty { statistics.commitCount += 1 }
        statistics.noSpace = nil
        passingFailure = nil
        durable = batch.end
        return hasRolled
    }

    /// Counts segments that were replaced by one, or by none.
    mutating func noteReplaced(_ replacement: Replacement) {
        for old in replacement.old { count(old, by: -1) }
        if let new = replacement.new { count(new, by: 1) }
    }

    private mutating func count(_ segment: SegmentSummary, by sign: Int64) {
        statistics.segmentCount += Int(sign)
        statistics.byteCount += sign * segment.byteCount
        statistics.storedByteCount += sign * segment.storedByteCount
        statistics.recordCount = UInt64(Int64(statistics.recordCount) + sign * Int64(segment.recordCount))
    }

    /// Records why a batch failed, and returns the error for its appenders and those of all later batches.
    mutating func noteFailure(
        _ failure: SegmentWriter.Failure,
        _ options: SegmentLog.Options
    ) -> (error: StorageError, others: [Batch]) {
        let others = batches
        batches = []
        taken = durable
        switch failure {
        case .passing(let error):
            passingFailure = error
            if error.isNoSpace { statistics.noSpace = error.failedCall }
            return (error, others)
        case .broken(let error):
            guard let cause = error.failedCall else { preconditionFailure("only a failed call breaks a log") }
            let since = options.clock().microseconds
            let latch = Latch("log \(options.name)", cause: cause, sinceMicroseconds: since)
            statistics.latch = latch
            return (.latched(latch), others)
        }
    }
}
