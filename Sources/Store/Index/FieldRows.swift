internal import JSON

/// The index of one field within one segment: what its rows have there.
struct FieldRows {
    let index: FieldIndex
    /// For each value the rows that have it, in order; a row with an array stands in several lists.
    ///
    /// For `.postings`.
    private var lists: [Scalar: [UInt32]] = [:]
    /// What each row is sorted by; null for a tombstone.
    ///
    /// For `.ordered`.
    private(set) var column: [Scalar] = []
    /// Whether a row had several values, or none that is a scalar: then the column cannot answer conditions.
    private var isPartial = false

    init(_ index: FieldIndex) {
        self.index = index
    }

    /// Adds the next row; nil for a tombstone.
    mutating func append(_ value: FieldValue?, as row: Int) {
        switch index.kind {
        case .postings:
            value?.forEach { lists[$0, default: []].appendOnce(UInt32(row)) }
        case .ordered:
            column.append(value?.sortValue ?? .null)
            if case .many = value { isPartial = true }
        }
    }

    /// Returns the rows below `rowCount` that pass, or nil where the index cannot tell.
    func rows(passing test: Condition.Test, below rowCount: Int) -> RowSet? {
        var found = RowSet(rowCount: rowCount)
        switch (index.kind, test) {
        case (.postings, .anyOf(let operands)):
            for form in operands.lazy.flatMap(\.forms) {
                for row in lists[form] ?? [] { found.insert(Int(row)) }
            }
        case (.ordered, _) where !isPartial:
            for row in 0..<rowCount where test.passes(column[row]) { found.insert(row) }
        case (.postings, _), (.ordered, _):
            return nil
        }
        return found
    }

    /// Returns how many rows below `rowCount` equal an operand, where that is the length of one list.
    ///
    /// With more than one list it is not: a row could be in both.
    func count(passing test: Condition.Test, below rowCount: Int) -> Int? {
        guard index.kind == .postings, case .anyOf(let operands) = test else { return nil }
        let found = Set(operands.lazy.flatMap(\.forms)).compactMap { lists[$0] }
        guard found.count <= 1 else { return nil }
        guard let rows = found.first else { return 0 }
        var count = rows.count
        while count > 0, rows[count - 1] >= rowCount { count -= 1 }
        return count
    }
}

extension Array<UInt32> {
    /// Adds a row, unless it was added just now for another element of the same array.
    fileprivate mutating func appendOnce(_ row: UInt32) {
        if last != row { append(row) }
    }
}
