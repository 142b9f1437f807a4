internal import Index
internal import JSON

/// One row with its sort keys.
struct RankedRow {
    let value: Scalar
    let committedAt: Timestamp
    let segment: Int
    let row: Int

    /// Whether the row is before the other in ascending order.
    ///
    /// Imported documents may have equal times; then the order of their records decides.
    func precedes(_ other: RankedRow) -> Bool {
        if value.precedes(other.value) { return true }
        if other.value.precedes(value) { return false }
        return (committedAt, segment, row) < (other.committedAt, other.segment, other.row)
    }

    var place: RowPlace { RowPlace(segment: segment, row: row) }
}

/// Selects the first rows of an order, or those after a row, with at most twice the requested number in memory.
struct Ranking {
    /// The maximum number of rows that are selected at once; with their values, some 10 MB.
    static let rowCountMax = 1 << 16
    /// The maximum size of their values beyond that, for long texts.
    private static let byteCountMax = 16 << 20

    private let countMax: Int
    private let ascending: Bool
    /// Rows up to this one are ignored.
    private let start: RankedRow?
    private var rows: [RankedRow] = []
    private var byteCount = 0
    /// The last of the first rows so far; rows after it are dropped.
    private var last: RankedRow?
    /// Whether the values of the first rows are longer than ``byteCountMax``.
    private(set) var isTooLong = false

    init(countMax: Int, ascending: Bool, after start: RankedRow? = nil) {
        self.countMax = countMax
        self.ascending = ascending
        self.start = start
    }

    mutating func add(_ row: RankedRow) {
        guard countMax > 0 else { return }
        if let start, !isBefore(start, row) { return }
        if let last, !isBefore(row, last) { return }
        rows.append(row)
        byteCount += row.value.byteCount
        if rows.count / 2 >= max(countMax, 64) || byteCount / 2 > Self.byteCountMax { cut() }
    }

    /// Returns whether no row that was committed at `bound` or after it in the order can be among the first.
    ///
    /// - Precondition: The order is that of `committed_at` alone: the values of all rows are null.
    mutating func isSettled(before bound: Timestamp) -> Bool {
        guard countMax > 0 else { return true }
        guard rows.count >= countMax else { return false }
        cut()
        guard let last else { return false }
        return ascending ? last.committedAt < bound : bound < last.committedAt
    }

    /// Returns the first `countMax` rows in order.
    mutating func sorted() -> [RankedRow] {
        cut()
        return rows
    }

    private mutating func cut() {
        rows.sort(by: ascending ? { $0.precedes($1) } : { $1.precedes($0) })
        if rows.count >= countMax, countMax > 0 {
            rows.removeLast(rows.count - countMax)
            last = rows.last
        }
        byteCount = rows.reduce(0) { $0 + $1.value.byteCount }
        isTooLong = byteCount > Self.byteCountMax
    }

    private func isBefore(_ left: RankedRow, _ right: RankedRow) -> Bool {
        ascending ? left.precedes(right) : right.precedes(left)
    }
}
