package import JSON

/// One segment of a log, at one moment.
package struct SegmentSummary: Sendable, Hashable {
    /// The state of a segment.
    package enum Form: Sendable, Hashable {
        /// Plain lines, appended to.
        case active
        /// Plain lines, complete.
        case closed
        /// Compressed frames of whole lines.
        case sealed
    }

    package let id: SegmentID
    package let form: Form
    /// The last sequence that belongs to it, whether the record exists or not; one less than the first if it is empty.
    package let last: UInt64
    package let recordCount: Int
    /// Bytes of its lines.
    package let byteCount: Int64
    /// The number of bytes of its file, without the index.
    package let storedByteCount: Int64
    /// The times of its first and last record; nil without records, and of a closed one that is not sealed yet.
    package let firstAt: Timestamp?
    package let lastAt: Timestamp?
    /// XXH3-128 of its lines, in hexadecimal digits; empty while it is active.
    package let digest: String

    package init(
        id: SegmentID,
        form: Form,
        last: UInt64,
        recordCount: Int,
        byteCount: Int64,
        storedByteCount: Int64,
        firstAt: Timestamp?,
        lastAt: Timestamp?,
        digest: String
    ) {
        self.id = id
        self.form = form
        self.last = last
        self.recordCount = recordCount
        self.byteCount = byteCount
        self.storedByteCount = storedByteCount
        self.firstAt = firstAt
        self.lastAt = lastAt
        self.digest = digest
    }
}

extension SegmentSummary {
    init(_ closed: Manifest.Closed) {
        self.init(
            id: closed.id,
            form: closed.sealed == nil ? .closed : .sealed,
            last: closed.last,
            recordCount: closed.sealed?.recordCount ?? Int(closed.last - closed.first + 1),
            byteCount: closed.byteCount,
            storedByteCount: closed.sealed?.storedByteCount ?? closed.byteCount,
            firstAt: closed.sealed?.firstAt,
            lastAt: closed.sealed?.lastAt,
            digest: closed.digest
        )
    }

    /// Creates the summary of an active segment whose last durable record is before `position`.
    init(active position: LogPosition) {
        let isEmpty = position.offset == 0
        self.init(
            id: SegmentID(first: position.segment),
            form: .active,
            last: position.sequence - 1,
            recordCount: Int(position.sequence - position.segment),
            byteCount: position.offset,
            storedByteCount: position.offset,
            firstAt: position.firstTime,
            lastAt: isEmpty ? nil : position.lastTime,
            digest: ""
        )
    }
}
