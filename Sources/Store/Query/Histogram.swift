package import JSON

extension Collection {
    /// Counts the documents that pass by when they were committed, in equal spans of time.
    ///
    /// Without `from` the first span begins with the oldest document that passes, without `until` the last ends just
    /// behind the newest; where nothing passes and one of them is left out there are no spans. `from` itself counts,
    /// `until` does not. Reads no document when every condition is on an indexed field.
    ///
    /// - Throws: as ``count(_:)`` does.
    package func histogram(
        _ filter: Filter,
        from: Timestamp?,
        until: Timestamp?,
        bucketCount: Int
    ) throws(StoreError) -> [HistogramBucket] {
        var run = QueryRun(filter, over: self)
        var oldest = Timestamp.latest
        var newest = Timestamp.earliest
        let rows = try run.passing()
        if from == nil || until == nil {
            rows.forEachTime { time in
                if let from, time < from { return }
                if let until, time >= until { return }
                oldest = min(oldest, time)
                newest = max(newest, time)
            }
            guard oldest <= newest else { return [] }
        }
        let start = from ?? oldest
        // A span is a microsecond at least, so that no two begin together.
        let endMin = Timestamp(microseconds: start.microseconds + Int64(bucketCount))
        let end = until ?? max(endMin, Timestamp(microseconds: newest.microseconds + 1))
        guard start < end, bucketCount > 0 else { return [] }
        var spans = Spans(start: start, end: end, count: bucketCount)
        rows.forEachTime { spans.add($0) }
        return spans.buckets
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
private struct Spans {
    let start: Timestamp
    private let width: UInt128
    private var counts: [Int]

    init(start: Timestamp, end: Timestamp, count: Int) {
        self.start = start
        width = UInt128(end.microseconds - start.microseconds)
        counts = Array(repeating: 0, count: count)
    }

    mutating func add(_ time: Timestamp) {
        guard time >= start else { return }
        let index = UInt128(time.microseconds - start.microseconds) * UInt128(counts.count) / width
        if index < counts.count { counts[Int(index)] += 1 }
    }

    /// A span begins with the first microsecond that counts into it.
    var buckets: [HistogramBucket] {
        counts.indices.map { index in
            let offset = (UInt128(index) * width + UInt128(counts.count) - 1) / UInt128(counts.count)
            return HistogramBucket(
                start: Timestamp(microseconds: start.microseconds + Int64(offset)),
                count: counts[index]
            )
        }
    }
}
