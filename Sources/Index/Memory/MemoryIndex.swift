package import Disk
package import JSON
internal import NIOConcurrencyHelpers
package import SegmentLog

/// The index of a segment that is not sealed yet, in memory, built record by record.
///
/// It is derived from the log and never written. A row costs 16 bytes, its id, and 4 bytes for each field.
package final class MemoryIndex: SegmentIndex {
    package let segment: SegmentID
    private let rows: NIOLockedValueBox<Rows>

    package init(segment: SegmentID, schema: IndexSchema) {
        self.segment = segment
        rows = NIOLockedValueBox(Rows(fields: schema.paths.map { FieldRows($0) }))
    }

    /// Adds the next record of the segment.
    package func append(_ row: IndexRow) {
        rows.withLockedValue { $0.append(row) }
    }

    package func pointer(of row: Int) -> RecordPointer {
        let place = rows.withLockedValue { $0.places[row] }
        return RecordPointer(segment: segment, offset: place.offset, byteCount: place.byteCount)
    }

    package func committedAt(of row: Int) -> Timestamp {
        rows.withLockedValue { $0.committedAt[row] }
    }

    package func committedRange(below rowCount: Int) -> ClosedRange<Timestamp>? {
        rows.withLockedValue { $0.committedRange(below: rowCount) }
    }

    package func lastRow(of id: Text, confirm: (Int) throws(StorageError) -> Bool) throws(StorageError) -> Int? {
        rows.withLockedValue { $0.ids[id].map(Int.init) }
    }

    package func rows(passing condition: Condition, below rowCount: Int) -> RowMatch {
        rows.withLockedValue { rows in
            if condition.path == .committedAt { return rows.committed(passing: condition, below: rowCount) }
            let field = rows.fields.first { $0.path == condition.path }
            return field?.rows(passing: condition, below: rowCount) ?? .unknown
        }
    }

    package func count(passing condition: Condition, below rowCount: Int) -> Int? {
        rows.withLockedValue { rows in
            rows.fields.first { $0.path == condition.path }?.count(passing: condition, below: rowCount)
        }
    }

    package func column(of path: FieldPath) -> (any ValueColumn)? {
        rows.withLockedValue { rows in
            guard let field = rows.fields.firstIndex(where: { $0.path == path }) else { return nil }
            return rows.fields[field].column()
        }
    }
}

/// The contents of a ``MemoryIndex``.
private struct Rows {
    /// The place of a record in its segment.
    struct Place {
        let offset: UInt32
        let byteCount: UInt32
    }

    var places: [Place] = []
    var committedAt: [Timestamp] = []
    /// Whether every row was committed after the previous one: true until a document is replaced.
    var isInOrder = true
    /// The last row of each id.
    var ids: [Text: UInt32] = [:]
    var fields: [FieldRows]

    mutating func append(_ new: IndexRow) {
        let row = places.count
        places.append(Place(offset: new.pointer.offset, byteCount: new.pointer.byteCount))
        if let last = committedAt.last, new.committedAt < last { isInOrder = false }
        committedAt.append(new.committedAt)
        ids[new.id] = UInt32(row)
        for position in fields.indices { fields[position].append(new.values?[position], as: row) }
    }

    func committedRange(below rowCount: Int) -> ClosedRange<Timestamp>? {
        let moments = committedAt.prefix(rowCount)
        guard let first = moments.first, let last = moments.last else { return nil }
        if isInOrder { return first...last }
        return moments.reduce(first...first) { min($0.lowerBound, $1)...max($0.upperBound, $1) }
    }

    func committed(passing condition: Condition, below rowCount: Int) -> RowMatch {
        let passes = { (row: Int) in condition.passes(.instant(committedAt[row])) }
        guard rowCount > 0 else { return .none }
        switch condition.test {
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard isInOrder else { break }
            let boundary = firstRow(below: rowCount) { passes($0) != passes(0) }
            if boundary == rowCount { return passes(0) ? .all : .none }
            return .some(RowSet(rowCount: rowCount, rows: passes(0) ? 0..<boundary : boundary..<rowCount))
        case .anyOf, .noneOf: break
        }
        var found = RowSet(rowCount: rowCount)
        for row in 0..<rowCount where passes(row) { found.insert(row) }
        return .some(found)
    }

    /// Finds by bisection the first row for which `isBeyond` holds, given that it holds for all later ones.
    private func firstRow(below rowCount: Int, isBeyond: (Int) -> Bool) -> Int {
        var low = 0
        var high = rowCount
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
