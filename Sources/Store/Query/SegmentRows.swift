internal import Index

/// The rows of one segment that pass a filter.
enum SegmentRows {
    case none
    /// All rows, this many, each of them live.
    case all(Int)
    case some(RowSet)

    /// The number of rows; for a set it takes a pass over its words.
    var count: Int {
        switch self {
        case .none: 0
        case .all(let rowCount): rowCount
        case .some(let rows): rows.count
        }
    }

    var isNone: Bool {
        if case .none = self { true } else { false }
    }

    var byteCount: Int {
        if case .some(let rows) = self { rows.rowCount / 8 } else { 0 }
    }

    func contains(_ row: Int) -> Bool {
        switch self {
        case .none: false
        case .all(let rowCount): row < rowCount
        case .some(let rows): rows.contains(row)
        }
    }

    /// Returns how many of these rows are in a range.
    func count(in range: Range<Int>) -> Int {
        switch self {
        case .none: 0
        case .all(let rowCount): range.clamped(to: 0..<rowCount).count
        case .some(let rows): rows.count(in: range)
        }
    }

    /// Returns the first and the last of these rows in a range.
    func ends(in range: Range<Int>) -> (first: Int, last: Int)? {
        switch self {
        case .none: return nil
        case .all(let rowCount):
            let rows = range.clamped(to: 0..<rowCount)
            return rows.isEmpty ? nil : (rows.lowerBound, rows.upperBound - 1)
        case .some(let rows): return rows.ends(in: range)
        }
    }

    /// Calls `body` with each row except the first `skipped` until it returns false, ascending or descending.
    func forEach(ascending: Bool, skipping skipped: Int = 0, _ body: (Int) -> Bool) {
        switch self {
        case .none: return
        case .all(let rowCount):
            guard skipped < rowCount else { return }
            for step in skipped..<rowCount {
                guard body(ascending ? step : rowCount - 1 - step) else { return }
            }
        case .some(let rows): rows.forEach(ascending: ascending, skipping: skipped, body)
        }
    }
}
