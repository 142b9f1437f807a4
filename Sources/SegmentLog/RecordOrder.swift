internal import Disk
internal import JSON

/// Decides whether a line whose checksum matches is the next record of its segment: the one place that accepts records.
///
/// Sequences and times ascend. Sequences have no gaps, except in sealed segments, where merging leaves out records, and
/// after a line that was not accepted.
struct RecordOrder {
    private let allowsGaps: Bool
    /// The last sequence that the segment can have.
    private let last: UInt64

    /// The lowest sequence that may follow: the one after the last accepted record.
    private(set) var nextMin: UInt64
    /// The sequence that is expected next, with one for each line that was not accepted.
    private(set) var expected: UInt64
    /// Whether the previous line was accepted, so that the next sequence is known exactly.
    private(set) var isExact = true
    /// The batch of the last accepted record.
    private(set) var batch: UInt64 = 0
    private(set) var count = 0
    /// The times of the first and the last accepted record.
    private(set) var firstTime: Timestamp?
    private(set) var lastTime: Timestamp

    init(from first: UInt64, to last: UInt64 = .max, allowsGaps: Bool, after lastTime: Timestamp) {
        nextMin = first
        expected = first
        self.last = last
        self.allowsGaps = allowsGaps
        self.lastTime = lastTime
    }

    /// Why a record cannot be the next one; nil if it can.
    func reason(against header: RecordLine.Header) -> Corruption.Reason? {
        let mayFollowGap = allowsGaps || !isExact
        let isNext = header.sequence == nextMin || (mayFollowGap && header.sequence > nextMin)
        guard isNext, header.sequence <= last else {
            return .outOfOrder(expected: expected, found: header.sequence)
        }
        let startsBatch = header.batch == header.sequence
        let continuesBatch = mayFollowGap ? header.batch < header.sequence : header.batch == batch
        return (startsBatch || continuesBatch) && header.at > lastTime ? nil : .malformed
    }

    /// Notes the next record.
    mutating func accept(_ header: RecordLine.Header) {
        isExact = true
        nextMin = header.sequence + 1
        expected = nextMin
        batch = header.batch
        count += 1
        firstTime = firstTime ?? header.at
        lastTime = header.at
    }

    /// Notes a line that is not accepted, with its header if the checksum matches.
    mutating func reject(_ header: RecordLine.Header? = nil) {
        isExact = false
        expected = max(expected, header?.sequence ?? 0) + 1
    }
}
