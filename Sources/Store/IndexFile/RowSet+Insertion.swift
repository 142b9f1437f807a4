extension RowSet {
    /// Adds 64 rows at once, bit b of `word` for row `64 * index + b`; those beyond `rowCount` are left out.
    mutating func insert(word: UInt64, at index: Int) {
        var rest = word
        while rest != 0 {
            insert(index * 64 + rest.trailingZeroBitCount)
            rest &= rest - 1
        }
    }

    /// Adds a range of rows; those beyond `rowCount` are left out.
    mutating func insert(rows: Range<Int>) {
        for row in rows.clamped(to: 0..<rowCount) { insert(row) }
    }
}
