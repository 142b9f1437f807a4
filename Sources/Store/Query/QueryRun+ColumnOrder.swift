internal import Disk
internal import Index
internal import JSON

/// Pages in the order of a field: its columns are merged until the page is full.
extension QueryRun {
    /// How many rows of a column can be skipped in the time of reading one document.
    private static let rowsPerReading = 1_000

    /// Collects a window in the order of a field.
    ///
    /// If a segment has no column of the field, one is created from its first rows, ranked by the values in their
    /// documents.
    mutating func ordered(
        by path: FieldPath,
        _ window: Window,
        ascending: Bool
    ) throws(StorageError) -> (total: Int, places: [RowPlace]) {
        var columns: [(any ValueColumn)?] = []
        var passing: [SegmentRows] = []
        var total = 0
        for position in segments.indices {
            let rows = try rows(in: position)
            passing.append(rows)
            total += rows.count
            columns.append(rows.isNone ? nil : try segments[position].index.column(of: path))
        }
        if isWalkLong(to: window.end, passingCount: total) { columns = columns.map { _ in nil } }
        let unsorted = segments.indices.filter { columns[$0] == nil && !passing[$0].isNone }
        plan.order = unsorted.isEmpty ? .column(path) : .ranked(path)
        guard window.start < total, !window.isEmpty else { return (total, []) }

        plan.segmentsRead += passing.count { if case .all = $0 { true } else { false } }
        var ranking = Ranking(countMax: window.end, ascending: ascending)
        for position in unsorted { try rank(passing[position], of: position, by: path, in: &ranking) }
        let ranked = ranking.sorted()
        guard unsorted.count < passing.count(where: { !$0.isNone }) else {
            return (total, ranked.dropFirst(window.start).map { RowPlace(segment: $0.segment, row: $0.row) })
        }
        var merge = ColumnMerge()
        for position in segments.indices where !passing[position].isNone {
            let column = columns[position] ?? RankedColumn(ranked, of: position, ascending: ascending)
            if let head = try ColumnHead(column, of: position, ascending: ascending) { merge.add(head) }
        }
        var page = ColumnPage(of: self, passing, window, ascending: ascending)
        while !page.isFull, case let heads = merge.next(), !heads.isEmpty {
            try page.add(heads)
            for var head in heads where try head.advance() { merge.add(head) }
        }
        return (total, page.places)
    }

    /// Whether so few documents match that reading them all is faster than finding a page of them in the columns.
    private func isWalkLong(to end: Int, passingCount: Int) -> Bool {
        let rowCount = segments.reduce(0) { $0 + $1.rowCount }
        let walked = Double(rowCount) * min(1, Double(end) / Double(max(passingCount, 1)))
        return Double(passingCount) * Double(Self.rowsPerReading) < walked
    }

    /// Ranks rows of a segment by values from their documents.
    private mutating func rank(
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
