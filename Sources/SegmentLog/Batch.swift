internal import JSON

/// The records of one group commit, sealed and in order, and the appenders that wait for them.
struct Batch: Sendable {
    /// How an appender is woken: once, by ``resume(failing:)``.
    ///
    /// The unsafe continuation saves an allocation that no disk lets us notice, and ThreadSanitizer takes it for a race.
    typealias Continuation = CheckedContinuation<Result<RecordPointer, SegmentError>, Never>

    /// One appender and what it will be given.
    struct Waiter: Sendable {
        let sequence: UInt64
        let at: Timestamp
        let pointer: RecordPointer
        /// Where its line begins in ``Batch/bytes``, and where in it the members stand.
        let start: Int
        let members: Range<Int>
        let continuation: Continuation
    }

    /// Where the first line goes; a segment other than the writer's is one to begin.
    private(set) var start = LogPosition(segment: 1)
    private(set) var bytes: [UInt8] = []
    private(set) var waiters: [Waiter] = []
    private var seed: UInt64 = 0

    /// The position after the last record.
    private(set) var end = LogPosition(segment: 1)

    /// Makes it the batch whose first line will stand at `position`.
    ///
    /// - Precondition: It is empty.
    mutating func restart(at position: LogPosition, log name: String) {
        precondition(waiters.isEmpty, "nobody waits for a batch that restarts")
        start = position
        end = position
        seed = RecordLine.seed(log: name, segment: position.segment)
    }

    /// Forgets its records, but keeps buffers of an ordinary size for the next batch.
    mutating func empty(keepingByteCountMax byteCountMax: Int) {
        bytes.removeAll(keepingCapacity: bytes.capacity <= byteCountMax)
        waiters.removeAll(keepingCapacity: true)
    }

    /// Adds a record, or returns the error of one that is too long and leaves no trace of it.
    mutating func add(
        at now: Timestamp,
        byteCountMax: Int,
        _ continuation: Continuation,
        _ compose: (UInt64, Timestamp, inout [UInt8]) -> Void
    ) -> SegmentError? {
        let lineStart = bytes.count
        let at = max(now, Timestamp(microseconds: end.lastTime.microseconds + 1))
        RecordLine.begin(end.sequence, batch: start.sequence, at: at, in: &bytes)
        let membersStart = bytes.count
        compose(end.sequence, at, &bytes)
        let members = membersStart..<bytes.count
        precondition(!members.isEmpty, "a record has members")
        RecordLine.seal(&bytes, from: lineStart, seed: seed &+ UInt64(bitPattern: end.offset))
        let byteCount = bytes.count - lineStart
        guard byteCount <= byteCountMax else {
            bytes.removeLast(byteCount)
            return .recordTooLarge(byteCount: byteCount, byteCountMax: byteCountMax)
        }
        let pointer = RecordPointer(segment: end.segment, offset: UInt32(end.offset), byteCount: UInt32(byteCount))
        waiters.append(
            Waiter(
                sequence: end.sequence,
                at: at,
                pointer: pointer,
                start: lineStart,
                members: members,
                continuation: continuation
            )
        )
        end.advance(past: at, byteCount: byteCount)
        return nil
    }

    /// Hands every record to `apply`, in order.
    func apply(_ apply: (LogEntry) -> Void) {
        for waiter in waiters {
            apply(
                LogEntry(
                    sequence: waiter.sequence,
                    batch: start.sequence,
                    at: waiter.at,
                    pointer: waiter.pointer,
                    line: bytes[waiter.start..<waiter.start + Int(waiter.pointer.byteCount)],
                    members: waiter.members
                )
            )
        }
    }

    /// Wakes every appender, with `error` or with where its record stands.
    func resume(failing error: SegmentError? = nil) {
        for waiter in waiters {
            waiter.continuation.resume(returning: error.map(Result.failure) ?? .success(waiter.pointer))
        }
    }
}
