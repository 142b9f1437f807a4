internal import JSON
internal import SegmentLog

/// One query, answered over the segments of a collection as they were when it began.
///
/// Each segment is asked in two steps: its index gives the rows that pass the conditions it knows, and the documents
/// of those rows are read for the rest. Counting and paging then need no document that the indexes can speak for.
struct QueryRun {
    private let filter: Filter
    private let collection: Collection
    /// Oldest first.
    private let segments: [IndexedSegment]
    private(set) var scannedCount = 0

    init(_ filter: Filter, over collection: Collection) {
        self.filter = filter
        self.collection = collection
        segments = collection.index.snapshot
    }

    /// Returns how many documents pass.
    mutating func count() throws(StoreError) -> Int {
        var total = 0
        for segment in segments { total += try count(in: segment) }
        return total
    }

    /// Returns all rows that pass.
    mutating func passing() throws(StoreError) -> PassingRows {
        var rows: [(IndexedSegment, RowSet)] = []
        for segment in segments { rows.append((segment, try passing(in: segment))) }
        return PassingRows(rows: rows)
    }

    /// Returns the part of the passing documents that `query` asks for.
    mutating func page(_ query: Query) throws(StoreError) -> Page {
        let sortKey = query.sortKey ?? .committedAt
        let window = Window(skip: query.skip, limit: query.limit)
        let (total, rows) =
            if collection.schema.isAppendOnly, sortKey == .committedAt {
                try rowsInLogOrder(window, ascending: query.ascending)
            } else {
                try rows(window, sortedBy: sortKey, ascending: query.ascending)
            }
        var documents: [Document] = []
        documents.reserveCapacity(rows.count)
        for pointer in rows { documents.append(try collection.document(at: pointer)) }
        return Page(total: total, documents: documents, scannedCount: scannedCount)
    }

    /// Collects a window of an append-only collection, whose log is in the order of `committed_at`.
    ///
    /// Segments past the window are only counted.
    private mutating func rowsInLogOrder(
        _ window: Window,
        ascending: Bool
    ) throws(StoreError) -> (total: Int, rows: [RecordPointer]) {
        var total = 0
        var found: [RecordPointer] = []
        for segment in ascending ? segments : segments.reversed() {
            if total >= window.end {
                total += try count(in: segment)
                continue
            }
            let passing = try passing(in: segment)
            let first = window.start - total
            let end = window.end - total
            var position = 0
            passing.forEach(ascending: ascending) { row in
                if position >= first, position < end { found.append(segment.index.pointer(of: row)) }
                position += 1
                return position < end
            }
            total += passing.count
        }
        return (total, found)
    }

    /// Collects a window in the order of a field.
    private mutating func rows(
        _ window: Window,
        sortedBy path: FieldPath,
        ascending: Bool
    ) throws(StoreError) -> (total: Int, rows: [RecordPointer]) {
        var ranking = Ranking(countMax: window.end, ascending: ascending)
        for (position, segment) in segments.enumerated() {
            let passing = try passing(in: segment)
            let isSorted = segment.index.visit(passing, sortedBy: path) { row, value, committedAt in
                ranking.add(RankedRow(value: value, committedAt: committedAt, segment: position, row: row))
            }
            if isSorted { continue }
            try read(passing, of: segment) { row, document in
                let value = FieldValue(path, in: document).sortValue
                let committedAt = segment.index.committedAt(of: row)
                ranking.add(RankedRow(value: value, committedAt: committedAt, segment: position, row: row))
            }
        }
        let rows = ranking.sorted().dropFirst(window.start)
        return (ranking.addedCount, rows.map { segments[$0.segment].index.pointer(of: $0.row) })
    }

    private mutating func count(in segment: IndexedSegment) throws(StoreError) -> Int {
        if filter.conditions.isEmpty { return segment.liveCount }
        if filter.conditions.count == 1, segment.liveCount == segment.rowCount,
            let count = segment.index.count(passing: filter.conditions[0], below: segment.rowCount)
        {
            return count
        }
        return try passing(in: segment).count
    }

    /// Returns the live rows of a segment that pass every condition.
    private mutating func passing(in segment: IndexedSegment) throws(StoreError) -> RowSet {
        var candidates = segment.live
        var rest: [Condition] = []
        for condition in filter.conditions {
            if let rows = segment.index.rows(passing: condition, below: segment.rowCount) {
                candidates.formIntersection(rows)
            } else {
                rest.append(condition)
            }
        }
        guard !rest.isEmpty else { return candidates }
        var passing = RowSet(rowCount: segment.rowCount)
        try read(candidates, of: segment) { row, document in
            if rest.allSatisfy({ $0.holds(in: document) }) { passing.insert(row) }
        }
        return passing
    }

    /// Reads the documents of some rows, one after the other.
    private mutating func read(
        _ rows: RowSet,
        of segment: IndexedSegment,
        _ body: (Int, UnsafeRawBufferPointer) -> Void
    ) throws(StoreError) {
        var failure: StoreError?
        rows.forEach(ascending: true) { row in
            do throws(StoreError) {
                let document = try collection.document(at: segment.index.pointer(of: row))
                document.bytes.withUnsafeBytes { body(row, $0) }
                scannedCount += 1
            } catch {
                failure = error
            }
            return failure == nil
        }
        if let failure { throw failure }
    }
}

/// The rows of a collection that passed a filter, segment by segment.
struct PassingRows {
    fileprivate let rows: [(segment: IndexedSegment, passing: RowSet)]

    /// Calls `body` with when each document was committed, oldest segment first.
    func forEachTime(_ body: (Timestamp) -> Void) {
        for (segment, passing) in rows {
            passing.forEach(ascending: true) { row in
                body(segment.index.committedAt(of: row))
                return true
            }
        }
    }
}

/// The part of an order that a query returns: from `start` up to, not including, `end`.
private struct Window {
    let start: Int
    let end: Int

    init(skip: Int, limit: Int?) {
        start = max(skip, 0)
        let (end, isBeyond) = start.addingReportingOverflow(max(limit ?? .max, 0))
        self.end = isBeyond ? .max : end
    }
}
