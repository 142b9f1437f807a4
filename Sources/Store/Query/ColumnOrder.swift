internal import Disk
internal import Index
internal import JSON

/// The order of an indexed field: the columns of all segments are merged, value by value.
///
/// Each part continues at the last value, which its columns find by bisection.
struct ColumnOrder: PlaceOrder {
    let path: FieldPath
    let ascending: Bool
    private var last: ColumnPlace?

    init(by path: FieldPath, ascending: Bool) {
        self.path = path
        self.ascending = ascending
    }

    mutating func next(
        skipping skippedCount: Int,
        count: Int,
        of run: inout QueryRun
    ) throws(StorageError) -> [RowPlace] {
        var columns: [(any ValueColumn)?] = []
        for position in run.segments.indices {
            guard case let rows = try run.keptRows(in: position), !rows.isNone else {
                columns.append(nil)
                continue
            }
            if let column = try run.segments[position].index.column(of: path) {
                columns.append(column)
            } else {
                // A record that was added since the run began has several values.
                columns.append(try ranked(rows, of: position, skippedCount + count, &run))
            }
        }
        return try next(skipping: skippedCount, count: count, of: &run, columns)
    }

    /// Returns the next rows of one segment as a column.
    private func ranked(
        _ rows: SegmentRows,
        of position: Int,
        _ countMax: Int,
        _ run: inout QueryRun
    ) throws(StorageError) -> any ValueColumn {
        var start: RankedRow?
        if let last { start = try RankedRow(last, of: run) }
        var ranking = Ranking(countMax: countMax, ascending: ascending, after: start)
        try run.rank(rows, of: position, by: path, in: &ranking)
        return RankedColumn(ranking.sorted(), of: position, ascending: ascending)
    }

    /// Returns the next places, with the column of each segment that has matches.
    mutating func next(
        skipping skippedCount: Int,
        count: Int,
        of run: inout QueryRun,
        _ columns: [(any ValueColumn)?]
    ) throws(StorageError) -> [RowPlace] {
        var merge = ColumnMerge()
        for (position, column) in columns.enumerated() {
            guard let column else { continue }
            let head = try ColumnHead(column, of: position, from: last?.value, ascending: ascending)
            if let head { merge.add(head) }
        }
        var part = ColumnPart(after: last, skipping: skippedCount, countMax: count, ascending: ascending)
        while !part.isFull, case let heads = merge.next(), !heads.isEmpty {
            try part.add(heads, of: &run)
            guard !part.isFull else { break }
            for var head in heads where try head.advance() { merge.add(head) }
        }
        last = part.last
        return part.places
    }
}

extension QueryRun {
    /// How many rows of a column can be skipped in the time of reading one document.
    private static let rowsPerReading = 1_000

    /// Returns the number of matches and their order by a field.
    ///
    /// If a segment has no column of the field, one is created from its first rows, ranked by the values in their
    /// documents.
    ///
    /// - Throws: ``StorageError/tooManyToSort(countMax:)`` if that needs more rows, or longer values, than
    ///   ``Ranking`` takes.
    mutating func order(
        by path: FieldPath,
        _ window: Window,
        ascending: Bool
    ) throws(StorageError) -> (total: Int, order: any PlaceOrder) {
        var columns: [(any ValueColumn)?] = []
        var passing: [SegmentRows] = []
        var total = 0
        for position in segments.indices {
            let rows = try keptRows(in: position)
            passing.append(rows)
            total += rows.count
            columns.append(rows.isNone ? nil : try segments[position].index.column(of: path))
        }
        if isWalkLong(to: window.end, passingCount: total) { columns = columns.map { _ in nil } }
        let unsorted = segments.indices.filter { columns[$0] == nil && !passing[$0].isNone }
        plan.order = unsorted.isEmpty ? .column(path) : .ranked(path)
        guard window.start < total, !window.isEmpty else { return (total, KnownOrder()) }

        for position in segments.indices where !passing[position].isNone { note(.read, position) }
        var order = ColumnOrder(by: path, ascending: ascending)
        guard !unsorted.isEmpty else { return (total, order) }
        let count = min(window.end, total)
        guard count <= Ranking.rowCountMax else { throw .tooManyToSort(countMax: Ranking.rowCountMax) }
        var ranking = Ranking(countMax: count, ascending: ascending)
        for position in unsorted { try rank(passing[position], of: position, by: path, in: &ranking) }
        let ranked = ranking.sorted()
        guard unsorted.count < passing.count(where: { !$0.isNone }) else {
            return (total, KnownOrder(ranked.map(\.place)))
        }
        for position in unsorted { columns[position] = RankedColumn(ranked, of: position, ascending: ascending) }
        return (total, KnownOrder(try order.next(skipping: 0, count: count, of: &self, columns)))
    }

    /// Whether so few documents match that reading them all is faster than finding a page of them in the columns.
    private func isWalkLong(to end: Int, passingCount: Int) -> Bool {
        guard passingCount <= Ranking.rowCountMax else { return false }
        let rowCount = segments.reduce(0) { $0 + $1.rowCount }
        let walked = Double(rowCount) * min(1, Double(end) / Double(max(passingCount, 1)))
        return Double(passingCount) * Double(Self.rowsPerReading) < walked
    }

    /// Ranks rows of a segment by values from their documents.
    fileprivate mutating func rank(
        _ rows: SegmentRows,
        of position: Int,
        by path: FieldPath,
        in ranking: inout Ranking
    ) throws(StorageError) {
        let index = segments[position].index
        try read(rows, of: segments[position]) { row, document throws(StorageError) in
            let value = FieldValue(path, in: document).sortValue
            let committedAt = try index.committedAt(of: row)
            ranking.add(RankedRow(value: value, committedAt: committedAt, segment: position, row: row))
            if ranking.isTooLong { throw .tooManyToSort(countMax: Ranking.rowCountMax) }
        }
    }
}

/// The ranked rows of one segment as a column with one value for each row.
private struct RankedColumn: ValueColumn {
    private let rows: [RankedRow]

    init(_ ranked: [RankedRow], of segment: Int, ascending: Bool) {
        let rows = ranked.filter { $0.segment == segment }
        self.rows = ascending ? rows : rows.reversed()
    }

    var valueCount: Int { rows.count }

    func value(at position: Int) -> Scalar { rows[position].value }

    func forEachRow(at position: Int, _ body: (Int) -> Void) { body(rows[position].row) }
}
