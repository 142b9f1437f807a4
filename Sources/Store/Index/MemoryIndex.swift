internal import JSON
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// The index of one segment in memory, built record by record.
///
/// It is derived from the log at every start: nothing of it is ever written. A row costs 16 bytes, its id, and for
/// each field 4 bytes (postings) or one value (ordered).
final class MemoryIndex: SegmentIndex {
    let firstSequence: UInt64
    private let key: FieldPath
    private let rows: NIOLockedValueBox<Rows>

    init(firstSequence: UInt64, schema: CollectionSchema) {
        self.firstSequence = firstSequence
        key = FieldPath(schema.key)
        rows = NIOLockedValueBox(Rows(fields: schema.indexes.map(FieldRows.init)))
    }

    /// Adds the next record of the segment.
    func append(_ row: IndexRow) {
        rows.withLockedValue { $0.append(row) }
    }

    func pointer(of row: Int) -> RecordPointer {
        let place = rows.withLockedValue { $0.places[row] }
        return RecordPointer(segment: firstSequence, offset: place.offset, byteCount: place.byteCount)
    }

    func committedAt(of row: Int) -> Timestamp {
        rows.withLockedValue { $0.committedAt[row] }
    }

    func row(of id: Text) -> Int? {
        rows.withLockedValue { $0.ids[id].map(Int.init) }
    }

    func rows(passing condition: Condition, below rowCount: Int) -> RowSet? {
        if case .noneOf(let operands) = condition.test {
            var found = rows(passing: Condition(condition.path, .anyOf(operands)), below: rowCount)
            found?.invert()
            return found
        }
        return rows.withLockedValue { rows in
            if condition.path == key, let found = rows.withID(passing: condition.test, below: rowCount) { return found }
            if condition.path == .committedAt { return rows.committed(passing: condition.test, below: rowCount) }
            return rows.fields.first { $0.index.path == condition.path && $0.index.kind == .postings }?
                .rows(passing: condition.test, below: rowCount)
                ?? rows.fields.first { $0.index.path == condition.path && $0.index.kind == .ordered }?
                .rows(passing: condition.test, below: rowCount)
        }
    }

    func count(passing condition: Condition, below rowCount: Int) -> Int? {
        rows.withLockedValue { rows in
            rows.fields.first { $0.index.path == condition.path && $0.index.kind == .postings }?
                .count(passing: condition.test, below: rowCount)
        }
    }

    func visit(_ set: RowSet, sortedBy path: FieldPath, _ body: (Int, Scalar, Timestamp) -> Void) -> Bool {
        rows.withLockedValue { rows in
            if path == .committedAt {
                set.forEach(ascending: true) { row in
                    body(row, .instant(rows.committedAt[row]), rows.committedAt[row])
                    return true
                }
                return true
            }
            guard let field = rows.fields.first(where: { $0.index == FieldIndex(path: path, kind: .ordered) }) else {
                return false
            }
            set.forEach(ascending: true) { row in
                body(row, field.column[row], rows.committedAt[row])
                return true
            }
            return true
        }
    }
}

/// What a record adds to the index of its segment.
struct IndexRow {
    let id: Text
    let pointer: RecordPointer
    let committedAt: Timestamp
    /// The value of each field of the schema's `indexes`, in their order; nil for a tombstone.
    let values: [FieldValue]?
}

/// The contents of a ``MemoryIndex``.
private struct Rows {
    /// Where a record stands in its segment.
    struct Place {
        let offset: UInt32
        let byteCount: UInt32
    }

    private(set) var places: [Place] = []
    private(set) var committedAt: [Timestamp] = []
    /// Whether every row was committed after the one before it: true until a document is replaced.
    private var isInOrder = true
    /// The last row of each id.
    private(set) var ids: [Text: UInt32] = [:]
    private(set) var fields: [FieldRows]

    init(fields: [FieldRows]) {
        self.fields = fields
    }

    mutating func append(_ new: IndexRow) {
        let row = places.count
        places.append(Place(offset: new.pointer.offset, byteCount: new.pointer.byteCount))
        if let last = committedAt.last, new.committedAt < last { isInOrder = false }
        committedAt.append(new.committedAt)
        ids[new.id] = UInt32(row)
        for position in fields.indices { fields[position].append(new.values?[position], as: row) }
    }

    /// Returns the last rows of the ids that pass, or nil where only documents can tell: for anything but equality,
    /// and for an instant, which an id may spell in another way.
    func withID(passing test: Condition.Test, below rowCount: Int) -> RowSet? {
        guard case .anyOf(let operands) = test else { return nil }
        var found = RowSet(rowCount: rowCount)
        for form in operands.lazy.flatMap(\.forms) {
            switch form {
            case .instant: return nil
            case .text(let id), .numeral(_, let id):
                if let row = ids[id] { found.insert(Int(row)) }
            case .null, .bool, .number: break
            }
        }
        return found
    }

    func committed(passing test: Condition.Test, below rowCount: Int) -> RowSet {
        let passes = { (row: Int) in test.passes(.instant(committedAt[row])) }
        switch test {
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard isInOrder, rowCount > 0 else { break }
            let boundary = firstRow(below: rowCount) { passes($0) != passes(0) }
            return RowSet(rowCount: rowCount, rows: passes(0) ? 0..<boundary : boundary..<rowCount)
        case .anyOf, .noneOf: break
        }
        var found = RowSet(rowCount: rowCount)
        for row in 0..<rowCount where passes(row) { found.insert(row) }
        return found
    }

    /// Finds by bisection the first row that is beyond, when all after it are.
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
