internal import Disk
internal import JSON

/// The records of one group commit, sealed and in order, and the appenders that wait for them.
struct Batch: Sendable {
    /// Resumes an appender, once, by ``resume(failing:)``, with the time of its last record.
    ///
    /// An unsafe continuation would save an allocation, which is not measurable, and ThreadSanitizer reports it as a race.
    typealias Continuation = CheckedContinuation<Result<Timestamp, StorageError>, Never>
    /// Adds the members of one of an appender's records, by its position among them.
    typealias Composition = (_ position: Int, Timestamp, inout [UInt8]) -> Void

    /// One record.
    struct Record: Sendable {
        let sequence: UInt64
        let at: Timestamp
        let pointer: RecordPointer
        /// Where its line begins in ``Batch/bytes``, and where its members are in the line.
        let start: Int
        let members: Range<Int>
    }

    /// One appender, and the time of its last record.
    struct Waiter: Sendable {
        let lastTime: Timestamp
        let continuation: Continuation
    }

    /// Where the first line is written; if the segment is not the writer's, it has to be begun.
    private(set) var start = LogPosition(segment: 1)
    private(set) var bytes: [UInt8] = []
    private(set) var records: [Record] = []
    private var waiters: [Waiter] = []
    private var seed: UInt64 = 0
    /// Whether a record of it frees space, so that it may be written while other writes are refused.
    private(set) var frees = false
    /// Whether it begins a segment, with or without records.
    var rolls = false

    /// The position after the last record.
    private(set) var end = LogPosition(segment: 1)

    /// Restarts it as the batch whose first line will be at `position`.
    ///
    /// - Precondition: It is empty.
    mutating func restart(at position: LogPosition, log name: String) {
        precondition(records.isEmpty, "a batch that restarts has no waiting appenders")
        (rolls, frees) = (false, false)
        start = position
        end = position
        seed = RecordLine.seed(log: name, segment: position.segment)
    }

    /// Removes its records, but keeps buffers of ordinary size for the next batch.
    mutating func empty(keepingByteCountMax byteCountMax: Int) {
        bytes.removeAll(keepingCapacity: bytes.capacity <= byteCountMax)
        records.removeAll(keepingCapacity: true)
        waiters.removeAll(keepingCapacity: true)
    }

    /// Adds an appender's records; if one is too long, returns the error and adds none.
    ///
    /// - Precondition: There is a record.
    mutating func add(
        count: Int,
        frees: Bool,
        at now: Timestamp,
        byteCountMax: Int,
        _ continuation: Continuation,
        _ compose: Composition
    ) -> StorageError? {
        precondition(count > 0, "an appender has a record")
        let (byteCountBefore, recordCountBefore, endBefore) = (bytes.count, records.count, end)
        for position in 0..<count {
            let lineStart = bytes.count
            let at = max(now, Timestamp(microseconds: end.lastTime.microseconds + 1))
            RecordLine.begin(end.sequence, batch: start.sequence, at: at, in: &bytes)
            let membersStart = bytes.count
            compose(position, at, &bytes)
            let members = membersStart..<bytes.count
            precondition(!members.isEmpty, "a record has members")
            RecordLine.seal(&bytes, from: lineStart, seed: seed &+ UInt64(bitPattern: end.offset))
            let byteCount = bytes.count - lineStart
            guard byteCount <= byteCountMax else {
                bytes.removeLast(bytes.count - byteCountBefore)
                records.removeLast(records.count - recordCountBefore)
                end = endBefore
                return .recordTooLarge(byteCount: byteCount, byteCountMax: byteCountMax)
            }
            let pointer = RecordPointer(
                segment: SegmentID(first: end.segment),
                offset: UInt32(end.offset),
                byteCount: UInt32(byteCount)
            )
            records.append(
                Record(sequence: end.sequence, at: at, pointer: pointer, start: lineStart, members: members)
            )
            end.advance(past: at, byteCount: byteCount)
        }
        if frees { self.frees = true }
        waiters.append(Waiter(lastTime: end.lastTime, continuation: continuation))
        return nil
    }

    /// Hands every record to `apply`, in order.
    func apply(_ apply: (LogEntry) -> Void) {
        for record in records {
            apply(
                LogEntry(
                    sequence: record.sequence,
                    batch: start.sequence,
                    at: record.at,
                    pointer: record.pointer,
                    form: .plain,
                    line: bytes[record.start..<record.start + Int(record.pointer.byteCount)],
                    members: record.members
                )
            )
        }
    }

    /// Resumes every appender, with `error` or with the time of its last record.
    func resume(failing error: StorageError? = nil) {
        for waiter in waiters {
            waiter.continuation.resume(returning: error.map(Result.failure) ?? .success(waiter.lastTime))
        }
    }
}
