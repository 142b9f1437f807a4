/// A set of rows of one segment, one bit each.
///
/// A segment of 64 MiB has some 200,000 rows, so a set has 25 KB: small enough to create one for each condition of a
/// query and to combine them word by word. Rejected: sorted arrays of rows, which are slower for every common value and
/// no smaller.
///
/// A row is the number of a record in its segment, from 0; after a merge, sequences have gaps but rows do not.
package struct RowSet: Sendable, Equatable {
    /// Rows from this one on are not in the set.
    package private(set) var rowCount: Int
    /// Bits past `rowCount` are zero.
    private var words: [UInt64]

    /// Creates an empty or a full set for `rowCount` rows.
    package init(rowCount: Int, isFull: Bool = false) {
        self.rowCount = rowCount
        words = Array(repeating: isFull ? .max : 0, count: (rowCount + 63) / 64)
        clearExcess()
    }

    /// Creates a set of the rows in a range.
    init(rowCount: Int, rows: Range<Int>) {
        self.init(rowCount: min(rowCount, rows.upperBound), isFull: true)
        self.rowCount = rowCount
        words += Array(repeating: 0, count: (rowCount + 63) / 64 - words.count)
        for index in 0..<rows.lowerBound / 64 { words[index] = 0 }
        for row in rows.lowerBound / 64 * 64..<rows.lowerBound { remove(row) }
    }

    /// The number of rows in the set; takes a pass over its words.
    package var count: Int {
        words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    package var isEmpty: Bool {
        words.allSatisfy { $0 == 0 }
    }

    /// Returns how many rows of a range are in the set.
    package func count(in range: Range<Int>) -> Int {
        var count = 0
        forEachWord(in: range) { _, word in count += word.nonzeroBitCount }
        return count
    }

    /// Returns the first and the last row of a range that are in the set.
    package func ends(in range: Range<Int>) -> (first: Int, last: Int)? {
        var ends: (first: Int, last: Int)?
        forEachWord(in: range) { index, word in
            guard word != 0 else { return }
            let last = index * 64 + 63 - word.leadingZeroBitCount
            ends = (ends?.first ?? index * 64 + word.trailingZeroBitCount, last)
        }
        return ends
    }

    package func contains(_ row: Int) -> Bool {
        row < rowCount && words[row / 64] & (1 << UInt64(row % 64)) != 0
    }

    /// Adds a row, if it is below `rowCount`.
    package mutating func insert(_ row: Int) {
        guard row < rowCount else { return }
        words[row / 64] |= 1 << UInt64(row % 64)
    }

    /// Adds `count` rows, which `row` returns by their index, except those that are not below `rowCount`.
    mutating func insert(count: Int, _ row: (Int) -> Int) {
        let rowCount = rowCount
        words.withUnsafeMutableBufferPointer { words in
            for index in 0..<count {
                let row = row(index)
                if row < rowCount { words[row / 64] |= 1 << UInt64(row % 64) }
            }
        }
    }

    /// Adds up to 64 rows, bit b of `word` for row `64 * index + b`, except those that are not below `rowCount`.
    mutating func insert(word: UInt64, at index: Int) {
        guard index < words.count else { return }
        words[index] |= word
        if index == words.count - 1 { clearExcess() }
    }

    /// Adds a range of rows, except those that are not below `rowCount`.
    mutating func insert(rows: Range<Int>) {
        let rows = rows.clamped(to: 0..<rowCount)
        guard let last = rows.last else { return }
        for index in rows.lowerBound / 64...last / 64 {
            var word = UInt64.max
            if index == rows.lowerBound / 64 { word &= UInt64.max << UInt64(rows.lowerBound % 64) }
            if index == last / 64 { word &= UInt64.max >> UInt64(63 - last % 64) }
            words[index] |= word
        }
    }

    package mutating func remove(_ row: Int) {
        guard row < rowCount else { return }
        words[row / 64] &= ~(1 << UInt64(row % 64))
    }

    /// Increments `rowCount`, and adds the new row if `isIn`.
    package mutating func append(isIn: Bool) {
        if rowCount % 64 == 0 { words.append(0) }
        rowCount += 1
        if isIn { insert(rowCount - 1) }
    }

    /// - Precondition: Both sets are for the same number of rows.
    package mutating func formIntersection(_ other: RowSet) {
        precondition(rowCount == other.rowCount, "both sets are for the same rows")
        for index in words.indices { words[index] &= other.words[index] }
    }

    /// Replaces the set by its complement.
    package mutating func invert() {
        for index in words.indices { words[index] = ~words[index] }
        clearExcess()
    }

    /// Calls `body` with each row except the first `skipped` until it returns false, ascending or descending.
    ///
    /// Skipping takes one operation for each word.
    package func forEach(ascending: Bool, skipping skipped: Int = 0, _ body: (Int) throws -> Bool) rethrows {
        var rest = skipped
        for step in words.indices {
            let index = ascending ? step : words.count - 1 - step
            var word = words[index]
            if rest > 0 {
                let count = word.nonzeroBitCount
                if count <= rest {
                    rest -= count
                    continue
                }
            }
            while word != 0 {
                let bit = ascending ? word.trailingZeroBitCount : 63 - word.leadingZeroBitCount
                word &= ~(1 << UInt64(bit))
                if rest > 0 {
                    rest -= 1
                    continue
                }
                guard try body(index * 64 + bit) else { return }
            }
        }
    }

    /// Calls `body` with each word with rows of a range, without the bits of other rows.
    private func forEachWord(in range: Range<Int>, _ body: (_ index: Int, _ word: UInt64) -> Void) {
        let range = range.clamped(to: 0..<rowCount)
        guard !range.isEmpty else { return }
        let first = range.lowerBound / 64
        let last = (range.upperBound - 1) / 64
        for index in first...last {
            var word = words[index]
            if index == first { word &= UInt64.max << UInt64(range.lowerBound % 64) }
            if index == last { word &= UInt64.max >> UInt64(63 - (range.upperBound - 1) % 64) }
            body(index, word)
        }
    }

    private mutating func clearExcess() {
        let excess = words.count * 64 - rowCount
        if excess > 0 { words[words.count - 1] &= UInt64.max >> UInt64(excess) }
    }
}
