package import Disk
package import Index
package import JSON
internal import SegmentLog

extension DocumentCollection {
    /// Counts the matching documents by `committed_at`, in equal time spans.
    ///
    /// Without `from`, the first span begins with the oldest matching document; without `until`, the last one ends just
    /// after the newest. If no document matches and one of them is missing, there are no spans. `from` is included,
    /// `until` is not. Reads no document if all conditions are on indexed fields.
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

/// One time span, up to the start of the next one, and the number of documents in it.
package struct HistogramBucket: Sendable, Hashable {
    package let start: Timestamp
    package let count: Int
}

/// A time range divided into equal spans.
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

    /// Returns the span of a time; at least `count` if it is after the last span.
    ///
    /// - Precondition: The time is not before `start`.
    func span(of time: Timestamp) -> Int {
        Int(clamping: UInt128(time.microseconds - start.microseconds) * UInt128(counts.count) / width)
    }

    /// Returns the start of a span; with the number after the last one, the end of all.
    func start(of span: Int) -> Timestamp {
        // A span begins with its first microsecond.
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
