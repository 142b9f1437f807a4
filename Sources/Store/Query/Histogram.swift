package import Disk
package import Index
package import JSON
internal import SegmentLog

extension DocumentCollection {
    /// Counts the documents that pass by when they were committed, in equal spans of time.
    ///
    /// Without `from` the first span begins with the oldest document that passes, without `until` the last ends just
    /// behind the newest; where nothing passes and one of them is left out there are no spans. `from` itself counts,
    /// `until` does not. Reads no document when every condition is on an indexed field.
    ///
    /// - Throws: as ``list(_:)`` does.
    package func histogram(
        _ filter: Filter,
        from: Timestamp?,
        until: Timestamp?,
        bucketCount: Int
    ) throws(StorageError) -> [HistogramBucket] {
        try retrying(counts(filter, from: from, until: until, bucketCount: bucketCount))
    }

    private func counts(
        _ filter: Filter,
        from: Timestamp?,
        until: Timestamp?,
        bucketCount: Int
    ) throws(StorageError) -> [HistogramBucket] {
        var run = try HistogramRun(filter, over: self)
        return try run.buckets(from: from, until: until, count: bucketCount)
    }
}

/// One span of time, up to where the next begins, and how many documents fall into it.
package struct HistogramBucket: Sendable, Hashable {
    package let start: Timestamp
    package let count: Int
}

/// The time between two moments in equal parts.
///
/// Exact in microseconds: 10,000 years times 200 parts do not fit 64 bits.
struct Spans {
    let start: Timestamp
    private let width: UInt128
    private var counts: [Int]

    init(start: Timestamp, end: Timestamp, count: Int) {
        self.start = start
        width = UInt128(end.microseconds - start.microseconds)
        counts = Array(repeating: 0, count: count)
    }

    /// The span a moment falls into; `count` of them or more where it lies behind the last.
    ///
    /// - Precondition: The moment is not before `start`.
    func span(of time: Timestamp) -> Int {
        Int(clamping: UInt128(time.microseconds - start.microseconds) * UInt128(counts.count) / width)
    }

    /// The first moment of a span; of the one behind the last, where all end.
    func start(of span: Int) -> Timestamp {
        // A span begins with the first microsecond that counts into it.
        let offset = (UInt128(span) * width + UInt128(counts.count) - 1) / UInt128(counts.count)
        return Timestamp(microseconds: start.microseconds + Int64(offset))
    }

    mutating func add(_ time: Timestamp) {
        guard time >= start else { return }
        add(1, to: span(of: time))
    }

    mutating func add(_ count: Int, to span: Int) {
        if span < counts.count { counts[span] += count }
    }

    var count: Int { counts.count }

    var buckets: [HistogramBucket] {
        counts.indices.map { HistogramBucket(start: start(of: $0), count: counts[$0]) }
    }
}
