internal import Disk
internal import JSON

/// The records of one group commit, sealed and in order, and the appenders that wait for them.
struct Batch: Sendable {
    /// How an appender is woken: once, by ``resume(failing:)``, with where its last record stands.
    ///
    /// The unsafe continuation saves an allocation that no disk lets us notice, and ThreadSanitizer takes it for a race.
    typealias Continuation = CheckedContinuation<Result<RecordPointer, StorageError>, Never>
    /// Adds the members of one of an appender's records, by its position among them.
    typealias Composition = (_ position: Int, _ sequence: UInt64, Timestamp, inout [UInt8]) -> Void

    /// One record.
    struct Record: Sendable {
        let sequence: UInt64
        let at: Timestamp
        let pointer: RecordPointer
        /// Where its line begins in ``Batch/bytes``, and where in it the members stand.
        let start: Int
        let members: Range<Int>
    }

    /// One appender, and where its last record stands.
    struct Waiter: Sendable {
        let pointer: RecordPointer
        let continuation: Continuation
    }

    /// Where the first line goes; a segment other than the writer's is one to begin.
    private(set) var start = LogPosition(segment: 1)
    private(set) var bytes: [UInt8] = []
    private(set) var records: [Record] = []
    private var waiters: [Waiter] = []
    private var seed: UInt64 = 0
    /// Whether a record of it frees space, so that it may be written while everything else is refused.
    private(set) var frees = false
    /// Whether it is there to begin a segment, be there records in it or not.
    var rolls = false

    /// The position after the last record.
    private(set) var end = LogPosition(segment: 1)

    /// Makes it the batch whose first line will stand at `position`.
    ///
    /// - Precondition: It is empty.
    mutating func restart(at position: LogPosition, log name: String) {
        precondition(records.isEmpty, "nobody waits for a batch that restarts")
        (rolls, frees) = (false, false)
        start = position
        end = position
        seed = RecordLine.seed(log: name, segment: position.segment)
    }

    /// Forgets its records, but keeps buffers of an ordinary size for the next batch.
    mutating func empty(keepingByteCountMax byteCountMax: Int) {
        bytes.removeAll(keepingCapacity: bytes.capacity <= byteCountMax)
        records.removeAll(keepingCapacity: true)
        waiters.removeAll(keepingCapacity: true)
    }

    /// Adds an appender's records, or returns the error of one that is too long and leaves no trace of any.
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
        let (byteCount, recordCount, before) = (bytes.count, records.count, end)
        for position in 0..<count {
            guard let error = add(position, at: now, byteCountMax: byteCountMax, compose) else { continue }
            bytes.removeLast(bytes.count - byteCount)
            records.removeLast(records.count - recordCount)
            end = before
            return error
        }
        if frees { self.frees = true }
        waiters.append(Waiter(pointer: records[records.count - 1].pointer, continuation: continuation))
        return nil
    }

    private mutating func add(
        _ position: Int,
        at now: Timestamp,
        byteCountMax: Int,
        _ compose: Composition
    ) -> StorageError? {
        let lineStart = bytes.count
        let at = max(now, Timestamp(microseconds: end.lastTime.microseconds + 1))
        RecordLine.begin(end.sequence, batch: start.sequence, at: at, in: &bytes)
        let membersStart = bytes.count
        compose(position, end.sequence, at, &bytes)
        let members = membersStart..<bytes.count
        precondition(!members.isEmpty, "a record has members")
        RecordLine.seal(&bytes, from: lineStart, seed: seed &+ UInt64(bitPattern: end.offset))
        let byteCount = bytes.count - lineStart
        guard byteCount <= byteCountMax else {
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

    /// Wakes every appender, with `error` or with where its last record stands.
    func resume(failing error: StorageError? = nil) {
        for waiter in waiters {
            waiter.continuation.resume(returning: error.map(Result.failure) ?? .success(waiter.pointer))
        }
    }
}
