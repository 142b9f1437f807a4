internal import Disk
internal import Index

/// A window of rows, collected from one value after the other; the rows of one value are in the order of `committed_at`.
struct ColumnPage {
    private(set) var places: [RowPlace] = []
    private let segments: [IndexedSegment]
    private let passing: [SegmentRows]
    private let isAppendOnly: Bool
    private let window: Window
    private let ascending: Bool
    private var passedCount = 0
    /// The rows of one value in one segment.
    private var rows: [UInt32] = []

    init(of run: QueryRun, _ passing: [SegmentRows], _ window: Window, ascending: Bool) {
        segments = run.segments
        isAppendOnly = run.collection.schema.isAppendOnly
        self.passing = passing
        self.window = window
        self.ascending = ascending
    }

    var isFull: Bool { passedCount >= window.end }

    /// Adds the rows of all segments that have the next value.
    mutating func add(_ heads: [ColumnHead]) throws(StorageError) {
        if isAppendOnly { try addInLogOrder(heads) } else { try addRanked(heads) }
    }

    private mutating func addInLogOrder(_ heads: [ColumnHead]) throws(StorageError) {
        for head in heads.sorted(by: { ascending ? $0.segment < $1.segment : $1.segment < $0.segment }) where !isFull {
            try collect(head)
            let first = max(window.start - passedCount, 0)
            let end = min(window.end - passedCount, rows.count)
            passedCount += rows.count
            guard first < end else { continue }
            if !head.isSingle { rows.sort() }
            for step in first..<end {
                let row = rows[ascending ? step : rows.count - 1 - step]
                places.append(RowPlace(segment: head.segment, row: Int(row)))
            }
        }
    }

    /// Replaced documents keep their `committed_at`, so their rows are not in order.
    private mutating func addRanked(_ heads: [ColumnHead]) throws(StorageError) {
        var ranking = Ranking(countMax: window.end - passedCount, ascending: ascending)
        var count = 0
        for head in heads {
            try collect(head)
            count += rows.count
            for row in rows {
                let committedAt = try segments[head.segment].index.committedAt(of: Int(row))
                ranking.add(RankedRow(value: .null, committedAt: committedAt, segment: head.segment, row: Int(row)))
            }
        }
        for row in ranking.sorted().dropFirst(max(window.start - passedCount, 0)) {
            places.append(RowPlace(segment: row.segment, row: row.row))
        }
        passedCount += count
    }

    /// Collects the rows at a head that pass.
    private mutating func collect(_ head: ColumnHead) throws(StorageError) {
        let passing = passing[head.segment]
        var rows: [UInt32] = []
        swap(&rows, &self.rows)
        rows.removeAll(keepingCapacity: true)
        try head.forEachRow { row in
            if passing.contains(row) { rows.append(UInt32(row)) }
        }
        self.rows = rows
    }
}
