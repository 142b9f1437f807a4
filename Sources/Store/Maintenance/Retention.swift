internal import JSON

/// How long a collection keeps events; whole segments are deleted, oldest first.
///
/// The rules are independent: a segment is deleted as soon as one rule allows it. At least the events that a rule names
/// are kept, plus up to one segment.
package struct Retention: Sendable, Hashable {
    /// Events that were committed longer ago are deletable.
    package var ageMax: Duration?
    /// The space for the newest events, including indexes; older ones are deletable.
    package var byteCountMax: Int64?
    /// The number of newest events to keep; older ones are deletable.
    package var documentCountMax: Int?

    package init(ageMax: Duration? = nil, byteCountMax: Int64? = nil, documentCountMax: Int? = nil) {
        self.ageMax = ageMax
        self.byteCountMax = byteCountMax
        self.documentCountMax = documentCountMax
    }

    /// The properties of a segment for the rules.
    struct Candidate: Sendable, Hashable {
        var documentCount: Int
        var byteCount: Int64
        /// When its newest event was committed.
        var newest: Timestamp
        /// Whether no more records are appended to it, so that it can be deleted.
        var isComplete: Bool
    }

    /// Returns how many of the segments, which are ordered oldest first, are deletable now.
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

    /// Returns whether the active segment should be closed, so that it can be deleted in time although few events
    /// arrive.
    ///
    /// Its oldest event then has an eighth of the maximum age.
    func closesActive(oldest: Timestamp, now: Timestamp) -> Bool {
        ageMax.map { oldest < now - $0 / 8 } ?? false
    }
}

extension Timestamp {
    /// Returns the time a duration before this one, at least the earliest representable one.
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
