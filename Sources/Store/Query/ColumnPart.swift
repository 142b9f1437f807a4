internal import Disk
internal import Index

/// A row with its value in a column.
struct ColumnPlace: Sendable {
    let value: Scalar
    let row: RowPlace
}

/// A part of the rows in the order of a field, collected from one value after the other; the rows of one value are in
/// the order of `committed_at`.
struct ColumnPart {
    private(set) var places: [RowPlace] = []
    /// The last row, after which the next part begins.
    private(set) var last: ColumnPlace?
    private let countMax: Int
    private let ascending: Bool
    private var skipCount: Int
    /// The rows of one value in one segment.
    private var rows: [UInt32] = []

    init(after last: ColumnPlace?, skipping skipCount: Int, countMax: Int, ascending: Bool) {
        self.last = last
        self.skipCount = skipCount
        self.countMax = countMax
        self.ascending = ascending
    }

    var isFull: Bool { places.count >= countMax }

    /// Adds the rows of all segments that have the next value.
    mutating func add(_ heads: [ColumnHead], of run: inout QueryRun) throws(StorageError) {
        if run.collection.schema.isAppendOnly {
            try addInLogOrder(heads, of: &run)
        } else {
            try addRanked(heads, of: &run)
        }
    }

    private mutating func addInLogOrder(_ heads: [ColumnHead], of run: inout QueryRun) throws(StorageError) {
        for head in heads.sorted(by: { ascending ? $0.segment < $1.segment : $1.segment < $0.segment }) where !isFull {
            try collect(head, of: &run)
            if !head.isSingle { rows.sort() }
            var first = firstPosition(after: last, in: head)
            let skipped = min(skipCount, rows.count - first)
            skipCount -= skipped
            first += skipped
            let end = min(rows.count, first + countMax - places.count)
            guard first < end else { continue }
            for step in first..<end { places.append(RowPlace(segment: head.segment, row: row(at: step))) }
            last = ColumnPlace(value: head.value, row: RowPlace(segment: head.segment, row: row(at: end - 1)))
        }
    }

    /// Returns a row by its position in the order.
    private func row(at step: Int) -> Int {
        Int(rows[ascending ? step : rows.count - 1 - step])
    }

    /// Returns how many of the collected rows are not after a row in the order.
    private func firstPosition(after last: ColumnPlace?, in head: ColumnHead) -> Int {
        guard let last, !last.value.precedes(head.value), !head.value.precedes(last.value) else { return 0 }
        guard head.segment == last.row.segment else {
            return (head.segment < last.row.segment) == ascending ? rows.count : 0
        }
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            let isAfter = ascending ? row(at: middle) > last.row.row : row(at: middle) < last.row.row
            if isAfter { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Replaced documents keep their `committed_at`, so their rows are not in order.
    private mutating func addRanked(_ heads: [ColumnHead], of run: inout QueryRun) throws(StorageError) {
        var isComplete = false
        while !isFull, !isComplete {
            let count = min(Ranking.rowCountMax, skipCount + countMax - places.count)
            var after: RankedRow?
            if let last { after = try RankedRow(last, of: run) }
            var ranking = Ranking(countMax: count, ascending: ascending, after: after)
            for head in heads {
                try collect(head, of: &run)
                for row in rows {
                    let place = RowPlace(segment: head.segment, row: Int(row))
                    ranking.add(try RankedRow(ColumnPlace(value: head.value, row: place), of: run))
                }
            }
            let ranked = ranking.sorted()
            isComplete = ranked.count < count
            let skipped = min(skipCount, ranked.count)
            skipCount -= skipped
            places += ranked.dropFirst(skipped).map(\.place)
            if let end = ranked.last { last = ColumnPlace(value: end.value, row: end.place) }
        }
    }

    /// Collects the rows at a head that pass.
    private mutating func collect(_ head: ColumnHead, of run: inout QueryRun) throws(StorageError) {
        let passing = try run.keptRows(in: head.segment)
        var rows: [UInt32] = []
        swap(&rows, &self.rows)
        rows.removeAll(keepingCapacity: true)
        try head.forEachRow { row in
            if passing.contains(row) { rows.append(UInt32(row)) }
        }
        self.rows = rows
    }
}

extension RankedRow {
    init(_ place: ColumnPlace, of run: QueryRun) throws(StorageError) {
        let (segment, row) = (place.row.segment, place.row.row)
        let committedAt = try run.segments[segment].index.committedAt(of: row)
        self.init(value: place.value, committedAt: committedAt, segment: segment, row: row)
    }
}
