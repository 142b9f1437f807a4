internal import JSON

/// The index of one field within one segment: the rows of each value.
struct FieldRows {
    let path: FieldPath
    /// The rows of each value, ascending; a row with an array is in several lists, a tombstone in none.
    private var lists: [Scalar: [UInt32]] = [:]
    /// The sorted values; nil after one was added.
    private var sorted: [Scalar]?
    /// Whether a row has several values, or no scalar: then lists overlap, or do not contain a row.
    private(set) var isPartial = false

    init(_ path: FieldPath) {
        self.path = path
    }

    /// Adds the next row; nil for a tombstone.
    mutating func append(_ value: FieldValue?, as row: Int) {
        if case .many = value { isPartial = true }
        value?.forEach { scalar in
            if lists[scalar]?.appendOnce(UInt32(row)) == nil {
                lists[scalar] = [UInt32(row)]
                sorted = nil
            }
        }
    }

    /// Returns the rows below `rowCount` that pass.
    func rows(passing condition: Condition, below rowCount: Int) -> RowMatch {
        var found = RowSet(rowCount: rowCount)
        var isEmpty = true
        forEachList(touchedBy: condition) { rows in
            isEmpty = false
            for row in rows { found.insert(Int(row)) }
        }
        guard case .noneOf = condition.test else { return isEmpty ? .none : .some(found) }
        if isEmpty { return .all }
        found.invert()
        return .some(found)
    }

    /// Returns how many rows below `rowCount` pass; nil if the lengths of lists do not show it.
    ///
    /// - Precondition: No row is a tombstone.
    func count(passing condition: Condition, below rowCount: Int) -> Int? {
        var count = 0
        var listCount = 0
        forEachList(touchedBy: condition) { rows in
            listCount += 1
            count += rows.count(below: rowCount)
        }
        // If a row can be in two lists, only the length of a single list is a number of rows.
        guard listCount <= 1 || !isPartial else { return nil }
        if case .noneOf = condition.test { return rowCount - count }
        return count
    }

    /// Calls `body` with the rows of every value that passes, or for `noneOf` of every value that does not.
    private func forEachList(touchedBy condition: Condition, _ body: ([UInt32]) -> Void) {
        switch condition.test {
        case .anyOf, .noneOf:
            for form in condition.forms { lists[form].map(body) }
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            for (value, rows) in lists where condition.test.passes(value) { body(rows) }
        }
    }

    /// Returns the values with their rows; nil if a row has several values.
    mutating func column() -> MemoryColumn? {
        guard !isPartial else { return nil }
        let values = sorted ?? lists.keys.sorted { $0.precedes($1) }
        sorted = values
        return MemoryColumn(values: values, lists: lists)
    }
}

/// The column of a field in memory.
struct MemoryColumn: ValueColumn {
    fileprivate let values: [Scalar]
    fileprivate let lists: [Scalar: [UInt32]]

    var valueCount: Int { values.count }

    func value(at position: Int) -> Scalar { values[position] }

    func forEachRow(at position: Int, _ body: (Int) -> Void) {
        for row in lists[values[position]] ?? [] { body(Int(row)) }
    }
}

extension Array<UInt32> {
    /// Adds a row, unless the last one is the same row, for another element of its array.
    fileprivate mutating func appendOnce(_ row: UInt32) {
        if last != row { append(row) }
    }

    /// Returns how many of these ascending rows are below `rowCount`.
    fileprivate func count(below rowCount: Int) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if Int(self[middle]) < rowCount { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
