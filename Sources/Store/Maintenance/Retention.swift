internal import JSON

/// How long a collection of events keeps them; whole segments leave, the oldest first.
///
/// Each rule holds alone: a segment goes as soon as one of them no longer needs it. What a rule names is kept at least,
/// and up to one segment more.
package struct Retention: Sendable, Hashable {
    /// Events committed longer ago may go.
    package var ageMax: Duration?
    /// The newest events may take this much space, indexes included; what is older may go.
    package var byteCountMax: Int64?
    /// As many of the newest events stay; what is older may go.
    package var documentCountMax: Int?

    package init(ageMax: Duration? = nil, byteCountMax: Int64? = nil, documentCountMax: Int? = nil) {
        self.ageMax = ageMax
        self.byteCountMax = byteCountMax
        self.documentCountMax = documentCountMax
    }

    /// What the rules look at in one segment.
    struct Candidate: Sendable, Hashable {
        var documentCount: Int
        var byteCount: Int64
        /// When its newest event was committed.
        var newest: Timestamp
        /// Whether it takes no more records and so may go.
        var isComplete: Bool
    }

    /// Returns how many of the segments, which stand oldest first, may go now.
    func dropCount(_ segments: [Candidate], now: Timestamp) -> Int {
        var documentCount = segments.reduce(0) { $0 + $1.documentCount }
        var byteCount = segments.reduce(0) { $0 + $1.byteCount }
        for (position, segment) in segments.enumerated() {
            documentCount -= segment.documentCount
            byteCount -= segment.byteCount
            let isOld = ageMax.map { segment.newest < now - $0 } ?? false
            let isBeyondBytes = byteCountMax.map { byteCount >= $0 } ?? false
            let isBeyondCount = documentCountMax.map { documentCount >= $0 } ?? false
            guard segment.isComplete, isOld || isBeyondBytes || isBeyondCount else { return position }
        }
        return segments.count
    }

    /// Whether the active segment should be closed, so that it can leave in time though few events arrive.
    ///
    /// Its oldest event then has an eighth of the age that lets it go.
    func closesActive(oldest: Timestamp, now: Timestamp) -> Bool {
        ageMax.map { oldest < now - $0 / 8 } ?? false
    }
}

extension Timestamp {
    /// The moment a duration before this one, or the earliest there is.
    fileprivate static func - (moment: Timestamp, duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (microseconds, underflows) = moment.microseconds.subtractingReportingOverflow(
            whole + attoseconds / 1_000_000_000_000
        )
        if overflows || underflows { return .earliest }
        return max(.earliest, Timestamp(microseconds: microseconds))
    }
}
