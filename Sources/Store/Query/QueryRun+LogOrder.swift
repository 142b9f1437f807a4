internal import Disk

/// Pages of events, whose log is in the order of `committed_at`: reading stops when the page is full.
extension QueryRun {
    /// Collects a window, oldest or newest first.
    ///
    /// If the counts of the filter are cached, only the segments of the window are read, independent of how many rows
    /// are skipped; otherwise all other segments are counted for the total.
    mutating func inLogOrder(
        _ window: Window,
        ascending: Bool
    ) throws(StorageError) -> (total: Int, places: [RowPlace]) {
        plan.order = .log
        guard !segments.isEmpty else { return (0, []) }
        if let sums = cachedSums { return try jump(to: window, sums, ascending: ascending) }
        var passedCount = 0
        var counts = Array(repeating: 0, count: segments.count)
        var places: [RowPlace] = []
        for step in segments.indices {
            let position = ascending ? step : segments.count - 1 - step
            let known = cachedCount(in: position)
            if passedCount >= window.end || known.map({ passedCount + $0 <= window.start }) ?? false {
                counts[position] = try count(in: position)
            } else {
                let rows = try rows(in: position)
                take(rows, of: position, window, after: passedCount, ascending: ascending, into: &places)
                counts[position] = rows.count
            }
            passedCount += counts[position]
        }
        cache(counts)
        return (passedCount, places)
    }

    /// Collects a window if `sums` are known: the number of matches before each segment.
    private mutating func jump(
        to window: Window,
        _ sums: [Int],
        ascending: Bool
    ) throws(StorageError) -> (total: Int, places: [RowPlace]) {
        let last = segments.count - 1
        let sealedCount = sums[last]
        var places: [RowPlace] = []
        var lastRows = SegmentRows.none
        let needsLastRows = !window.isEmpty && (!ascending || window.end > sealedCount)
        if needsLastRows { lastRows = try rows(in: last) }
        let lastCount = try needsLastRows ? lastRows.count : count(in: last)
        let total = sealedCount + lastCount
        guard window.start < total, !window.isEmpty else { return (total, []) }

        if !ascending { take(lastRows, of: last, window, after: 0, ascending: false, into: &places) }
        var position = Self.segment(of: ascending ? window.start : total - 1 - window.start, in: sums)
        // In descending order, the last segment was already collected.
        if !ascending { position = min(position, last - 1) }
        while position >= 0, position < last {
            let passedCount = ascending ? sums[position] : total - sums[position + 1]
            guard passedCount < window.end else { break }
            if sums[position] < sums[position + 1] {
                let rows = try rows(in: position)
                take(rows, of: position, window, after: passedCount, ascending: ascending, into: &places)
            }
            position += ascending ? 1 : -1
        }
        if ascending { take(lastRows, of: last, window, after: sealedCount, ascending: true, into: &places) }
        return (total, places)
    }

    /// Returns the segment of the matching document with a number, counted from the oldest; the last one for larger
    /// numbers.
    private static func segment(of number: Int, in sums: [Int]) -> Int {
        var low = 0
        var high = sums.count - 1
        while low < high {
            let middle = (low + high) / 2
            if sums[middle + 1] <= number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Adds the rows of a segment that are in the window to `places`; `passedCount` rows are before it.
    private mutating func take(
        _ rows: SegmentRows,
        of position: Int,
        _ window: Window,
        after passedCount: Int,
        ascending: Bool,
        into places: inout [RowPlace]
    ) {
        let first = max(window.start - passedCount, 0)
        var rest = window.end - passedCount - first
        guard rest > 0 else { return }
        if case .all = rows { plan.segmentsRead += 1 }
        rows.forEach(ascending: ascending, skipping: first) { row in
            places.append(RowPlace(segment: position, row: row))
            rest -= 1
            return rest > 0
        }
    }
}
