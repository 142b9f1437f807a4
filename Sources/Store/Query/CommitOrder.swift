internal import Disk
internal import Index
internal import JSON

/// The order of `committed_at` in collections whose documents can be replaced: a replaced document keeps its
/// `committed_at` in a later row.
///
/// Each part is a pass that selects the first rows after the last one of the previous part.
struct CommitOrder: PlaceOrder {
    private let ascending: Bool
    private var last: RankedRow?

    init(ascending: Bool) {
        self.ascending = ascending
    }

    mutating func next(
        skipping skippedCount: Int,
        count: Int,
        of run: inout QueryRun
    ) throws(StorageError) -> [RowPlace] {
        var rest = skippedCount
        while rest > Ranking.rowCountMax - count {
            let skipped = try pass(countMax: min(rest, Ranking.rowCountMax), of: &run)
            guard !skipped.isEmpty else { return [] }
            rest -= skipped.count
        }
        return try pass(countMax: rest + count, of: &run).dropFirst(rest).map(\.place)
    }

    /// Selects the next rows.
    ///
    /// Segments are visited in the order of their best possible row, until no remaining one can contribute.
    private mutating func pass(countMax: Int, of run: inout QueryRun) throws(StorageError) -> [RankedRow] {
        var visits: [(position: Int, bound: Timestamp)] = []
        for position in run.segments.indices {
            let segment = run.segments[position]
            guard let range = try segment.index.committedRange(below: segment.rowCount) else { continue }
            visits.append((position, ascending ? range.lowerBound : range.upperBound))
        }
        visits.sort { ascending ? $0.bound < $1.bound : $0.bound > $1.bound }
        var ranking = Ranking(countMax: countMax, ascending: ascending, after: last)
        for (position, bound) in visits {
            if ranking.isSettled(before: bound) { break }
            try rank(run.enumerated(position), of: position, run.segments[position], in: &ranking)
        }
        let rows = ranking.sorted()
        last = rows.last ?? last
        return rows
    }

    /// Ranks rows from one end of their segment, in growing steps.
    ///
    /// In descending order, the index may know an upper bound of the times before a row, and after the rows of a page
    /// it is usually too old.
    private func rank(
        _ rows: SegmentRows,
        of position: Int,
        _ segment: IndexedSegment,
        in ranking: inout Ranking
    ) throws(StorageError) {
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
