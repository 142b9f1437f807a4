internal import Disk
internal import Index
internal import JSON

/// Computes one histogram: matching rows are only counted, between bounds found in the times of each index.
struct HistogramRun {
    private var run: QueryRun
    private let isAppendOnly: Bool

    init(_ filter: Filter, over collection: DocumentCollection) throws(StorageError) {
        run = try QueryRun(filter, over: collection)
        isAppendOnly = collection.schema.isAppendOnly
    }

    mutating func buckets(
        from: Timestamp?,
        until: Timestamp?,
        count: Int
    ) throws(StorageError) -> [HistogramBucket] {
        var start = from
        var end = until
        if from == nil || until == nil {
            guard let extent = try extent(from: from, until: until) else { return [] }
            start = from ?? extent.lowerBound
            // A span is at least a microsecond, so that no two have the same start.
            let endMin = Timestamp(microseconds: (from ?? extent.lowerBound).microseconds + Int64(count))
            end = until ?? max(endMin, Timestamp(microseconds: extent.upperBound.microseconds + 1))
        }
        guard let start, let end, start < end, count > 0 else { return [] }
        var spans = Spans(start: start, end: end, count: count)
        for position in run.segments.indices { try add(position, from: start, until: end, to: &spans) }
        return spans.buckets
    }

    /// Returns the first and the last time of the matching documents in a time range.
    private mutating func extent(from: Timestamp?, until: Timestamp?) throws(StorageError) -> ClosedRange<Timestamp>? {
        let positions = run.segments.indices
        guard isAppendOnly else {
            var whole: ClosedRange<Timestamp>?
            for position in positions {
                guard let part = try extent(of: position, from: from, until: until) else { continue }
                whole = whole.map { min($0.lowerBound, part.lowerBound)...max($0.upperBound, part.upperBound) } ?? part
            }
            return whole
        }
        // Events are in the order of time: the two ends of the log are sufficient.
        for oldest in positions {
            guard let first = try extent(of: oldest, from: from, until: until) else { continue }
            for newest in positions.reversed() where newest > oldest {
                guard let last = try extent(of: newest, from: from, until: until) else { continue }
                return first.lowerBound...last.upperBound
            }
            return first
        }
        return nil
    }

    private mutating func extent(
        of position: Int,
        from: Timestamp?,
        until: Timestamp?
    ) throws(StorageError) -> ClosedRange<Timestamp>? {
        let segment = run.segments[position]
        guard let range = try segment.index.committedRange(below: segment.rowCount),
            range.upperBound >= from ?? .earliest, range.lowerBound < until ?? .latest || until == nil
        else { return nil }
        let rows = try run.keptRows(in: position)
        guard isAppendOnly else {
            var extent: ClosedRange<Timestamp>?
            try forEachTime(rows, of: segment) { time in
                guard time >= from ?? time, until.map({ time < $0 }) ?? true else { return }
                extent = extent.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
            }
            return extent
        }
        let first = if let from { try segment.firstRow(from: from) } else { 0 }
        let end = if let until { try segment.firstRow(from: until) } else { segment.rowCount }
        guard first < end, let ends = rows.ends(in: first..<end) else { return nil }
        return try segment.index.committedAt(of: ends.first)...segment.index.committedAt(of: ends.last)
    }

    /// Adds the rows of one segment to the spans.
    private mutating func add(
        _ position: Int,
        from start: Timestamp,
        until end: Timestamp,
        to spans: inout Spans
    ) throws(StorageError) {
        let segment = run.segments[position]
        guard let range = try segment.index.committedRange(below: segment.rowCount), range.upperBound >= start,
            range.lowerBound < end
        else { return }
        if range.lowerBound >= start, case let span = spans.span(of: range.lowerBound),
            span == spans.span(of: range.upperBound)
        {
            spans.add(try run.count(in: position), to: span)
            return
        }
        let rows = try run.keptRows(in: position)
        guard isAppendOnly else {
            try forEachTime(rows, of: segment) { spans.add($0) }
            return
        }
        var span = spans.span(of: max(range.lowerBound, start))
        var first = range.lowerBound < start ? try segment.firstRow(from: start) : 0
        while span < spans.count, first < segment.rowCount {
            let end = try segment.firstRow(from: spans.start(of: span + 1), after: first)
            spans.add(rows.count(in: first..<end), to: span)
            first = end
            guard first < segment.rowCount else { return }
            span = spans.span(of: try segment.index.committedAt(of: first))
        }
    }

    private func forEachTime(
        _ rows: SegmentRows,
        of segment: IndexedSegment,
        _ body: (Timestamp) -> Void
    ) throws(StorageError) {
        var failure: StorageError?
        rows.forEach(ascending: true) { row in
            do throws(StorageError) { body(try segment.index.committedAt(of: row)) } catch { failure = error }
            return failure == nil
        }
        if let failure { throw failure }
    }
}

extension IndexedSegment {
    /// Returns the first row committed at a time or later, by bisection; `rowCount` if there is none.
    ///
    /// - Precondition: The segment is one of events, whose rows are in the order of `committed_at`.
    fileprivate func firstRow(from moment: Timestamp, after first: Int = 0) throws(StorageError) -> Int {
        var low = first
        var high = rowCount
        while low < high {
            let middle = (low + high) / 2
            if try index.committedAt(of: middle) < moment { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
