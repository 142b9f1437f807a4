internal import Disk
internal import Index
internal import JSON
internal import SegmentLog

/// The matching rows of one segment, and their number.
extension QueryRun {
    /// Counts the matching documents of a segment, if possible without enumerating rows.
    mutating func count(in position: Int) throws(StorageError) -> Int {
        if let count = cachedCount(in: position) { return count }
        let segment = segments[position]
        if conditions.isEmpty { return segment.liveCount }
        if conditions.count == 1, segment.liveCount == segment.rowCount, plan.conditions[0].answeredBy != .key,
            conditions[0].path != FieldPath(collection.schema.key),
            let count = try segment.index.count(passing: conditions[0], below: segment.rowCount)
        {
            return count
        }
        // They are needed again if they are likely to be on the page, or were not counted for the cache.
        let isNeeded = position == segments.count - 1 || !collection.schema.isAppendOnly
        return try (isNeeded ? keptRows(in: position) : rows(in: position)).count
    }

    /// Returns the rows of a segment to enumerate them, which the plan reports.
    mutating func enumerated(_ position: Int) throws(StorageError) -> SegmentRows {
        let rows = try rows(in: position)
        if !rows.isNone { note(.read, position) }
        return rows
    }

    /// Returns the rows of a segment and keeps them.
    mutating func keptRows(in position: Int) throws(StorageError) -> SegmentRows {
        let rows = try rows(in: position)
        keep(rows, of: position)
        return rows
    }

    private mutating func keep(_ rows: SegmentRows, of position: Int) {
        if kept.isEmpty { kept = Array(repeating: nil, count: segments.count) }
        kept[position] = rows
    }

    /// Releases kept rows, except those whose documents had to be read for them.
    mutating func releaseRows() {
        for position in kept.indices where isScanned.isEmpty || !isScanned[position] { kept[position] = nil }
    }

    /// Returns the live rows of a segment that pass every condition.
    ///
    /// They are computed again each time, except if they are kept or documents had to be read.
    mutating func rows(in position: Int) throws(StorageError) -> SegmentRows {
        if !kept.isEmpty, let rows = kept[position] { return rows }
        let segment = segments[position]
        let (candidates, rest) = try candidates(in: segment)
        switch candidates {
        case .none:
            note(.skipped, position)
            return .none
        case .all where rest.isEmpty:
            return candidates
        case .all, .some:
            note(.read, position)
        }
        guard !rest.isEmpty else { return candidates }
        var passing = RowSet(rowCount: segment.rowCount)
        try read(candidates, of: segment) { row, document in
            if rest.allSatisfy({ $0.holds(in: document) }) { passing.insert(row) }
        }
        if isScanned.isEmpty { isScanned = Array(repeating: false, count: segments.count) }
        isScanned[position] = true
        let rows = passing.isEmpty ? SegmentRows.none : .some(passing)
        keep(rows, of: position)
        return rows
    }

    /// Returns the live rows that pass the conditions the index can answer, and the other conditions.
    private mutating func candidates(
        in segment: IndexedSegment
    ) throws(StorageError) -> (rows: SegmentRows, rest: [Condition]) {
        guard segment.liveCount > 0 else { return (.none, []) }
        var found: RowSet?
        var rest: [Condition] = []
        for position in conditions.indices {
            let condition = conditions[position]
            switch try match(condition, in: segment) {
            case .none: return (.none, [])
            case .all: continue
            case .some(let rows):
                if found == nil { found = rows } else { found?.formIntersection(rows) }
                if found?.isEmpty ?? false { return (.none, []) }
            case .unknown:
                plan.conditions[position].answeredBy = .scan
                rest.append(condition)
            }
        }
        let live = segment.liveCount == segment.rowCount ? nil : segment.live
        guard var found else { return (live.map(SegmentRows.some) ?? .all(segment.rowCount), rest) }
        guard let live else { return (.some(found), rest) }
        found.formIntersection(live)
        return (found.isEmpty ? .none : .some(found), rest)
    }

    private mutating func match(_ condition: Condition, in segment: IndexedSegment) throws(StorageError) -> RowMatch {
        guard condition.path == FieldPath(collection.schema.key) else {
            return try segment.index.rows(passing: condition, below: segment.rowCount)
        }
        guard condition.idsAreKnown else { return .unknown }
        var found: RowSet?
        for id in condition.ids {
            guard let row = try lastRow(of: id, in: segment) else { continue }
            // Written again since the query began: its earlier row is known only from the documents.
            guard row < segment.rowCount || collection.schema.isAppendOnly else { return .unknown }
            if found == nil { found = RowSet(rowCount: segment.rowCount) }
            found?.insert(row)
        }
        guard case .noneOf = condition.test else { return found.map(RowMatch.some) ?? .none }
        found?.invert()
        return found.map(RowMatch.some) ?? .all
    }

    private mutating func lastRow(of id: Text, in segment: IndexedSegment) throws(StorageError) -> Int? {
        var readCount = 0
        let row = try segment.index.lastRow(of: id) { row throws(StorageError) in
            readCount += 1
            return try collection.id(at: try segment.index.pointer(of: row)) == id
        }
        plan.recordsScanned += readCount
        return row
    }

    /// Reads the documents of some rows, one after the other, with one block of the segment in memory.
    mutating func read(
        _ rows: SegmentRows,
        of segment: IndexedSegment,
        _ body: (Int, UnsafeRawBufferPointer) throws(StorageError) -> Void
    ) throws(StorageError) {
        var cursor = collection.log.cursor()
        var failure: StorageError?
        var readCount = 0
        rows.forEach(ascending: true) { row in
            do throws(StorageError) {
                let pointer = try segment.index.pointer(of: row)
                try collection.withDocument(at: pointer, &cursor) { document throws(StorageError) in
                    try body(row, document)
                }
                readCount += 1
            } catch {
                failure = error
            }
            return failure == nil
        }
        plan.recordsScanned += readCount
        if let failure { throw failure }
    }
}

/// Conditions on the member that is a document's id: a string, never null.
extension Condition {
    /// Whether the condition can be answered by looking up ids.
    ///
    /// Not so for a comparison, nor for an instant, which an id may have in another notation.
    var idsAreKnown: Bool {
        switch test {
        case .less, .lessOrEqual, .greater, .greaterOrEqual: return false
        case .anyOf, .noneOf:
            return forms.allSatisfy { form in
                if case .instant = form { false } else { true }
            }
        }
    }

    /// The ids that equal an operand.
    var ids: some Sequence<Text> {
        forms.lazy.compactMap { form in
            switch form {
            case .text(let id), .numeral(_, let id): id
            case .null, .bool, .number, .instant: nil
            }
        }
    }
}
