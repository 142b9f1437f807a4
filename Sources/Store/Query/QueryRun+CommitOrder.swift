internal import Disk
internal import Index
internal import JSON

/// Pages in the order of `committed_at` in collections whose documents can be replaced: a replaced document keeps its
/// `committed_at` in a later row.
extension QueryRun {
    /// Collects a window.
    ///
    /// Segments are visited in the order of their best possible row; once no remaining one can contribute, they are
    /// only counted.
    mutating func inOrderOfCommit(
        _ window: Window,
        ascending: Bool
    ) throws(StorageError) -> (total: Int, places: [RowPlace]) {
        plan.order = .ranked(.committedAt)
        var visits: [(position: Int, bound: Timestamp)] = []
        for position in segments.indices {
            let segment = segments[position]
            guard let range = try segment.index.committedRange(below: segment.rowCount) else { continue }
            visits.append((position, ascending ? range.lowerBound : range.upperBound))
        }
        visits.sort { ascending ? $0.bound < $1.bound : $0.bound > $1.bound }
        var total = 0
        var ranking = Ranking(countMax: window.end, ascending: ascending)
        for (position, bound) in visits {
            if ranking.isSettled(before: bound) {
                total += try count(in: position)
                continue
            }
            let rows = try rows(in: position)
            if case .all = rows { plan.segmentsRead += 1 }
            total += rows.count
            try rank(rows, of: position, ascending: ascending, in: &ranking)
        }
        let places = ranking.sorted().dropFirst(window.start).map { RowPlace(segment: $0.segment, row: $0.row) }
        return (total, places)
    }

    /// Ranks rows from one end of their segment, in growing steps.
    ///
    /// In descending order, the index may know an upper bound of the times before a row, and after the rows of a page
    /// it is usually too old.
    private func rank(
        _ rows: SegmentRows,
        of position: Int,
        ascending: Bool,
        in ranking: inout Ranking
    ) throws(StorageError) {
        let segment = segments[position]
        var failure: StorageError?
        var rest = 64
        var step = rest
        rows.forEach(ascending: ascending) { row in
            do throws(StorageError) {
                rest -= 1
                if rest < 0 {
                    step *= 4
                    rest = step
                    if !ascending, let bound = try segment.index.committedRange(below: row + 1)?.upperBound,
                        ranking.isSettled(before: bound)
                    {
                        return false
                    }
                }
                let committedAt = try segment.index.committedAt(of: row)
                ranking.add(RankedRow(value: .null, committedAt: committedAt, segment: position, row: row))
            } catch {
                failure = error
            }
            return failure == nil
        }
        if let failure { throw failure }
    }
}
