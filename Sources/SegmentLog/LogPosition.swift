internal import JSON

/// A place between two records: the number, segment and offset of the next one.
struct LogPosition: Sendable, Hashable {
    /// The first sequence of the segment.
    var segment: UInt64
    /// How many bytes of the segment are before it.
    var offset: Int64 = 0
    /// The sequence of the next record.
    var sequence: UInt64
    /// The time of the record before it, which the next one's must exceed.
    var lastTime = Timestamp.earliest
    /// The time of the segment's first record; nil before it.
    var firstTime: Timestamp?

    /// Creates the position at the start of a segment.
    init(segment: UInt64, lastTime: Timestamp = .earliest) {
        self.segment = segment
        self.sequence = segment
        self.lastTime = lastTime
    }

    init(segment: UInt64, offset: Int64, sequence: UInt64, lastTime: Timestamp, firstTime: Timestamp?) {
        self.segment = segment
        self.offset = offset
        self.sequence = sequence
        self.lastTime = lastTime
        self.firstTime = firstTime
    }

    mutating func advance(past time: Timestamp, byteCount: Int) {
        offset += Int64(byteCount)
        sequence += 1
        lastTime = time
        firstTime = firstTime ?? time
    }
}
