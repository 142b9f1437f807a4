internal import Disk

/// The order of events, whose log is in the order of `committed_at`.
///
/// The number of matches in each segment leads to any position, so skipped segments are not read.
struct LogOrder: PlaceOrder {
    /// The number of matches before each segment, then the total.
    private let sums: [Int]
    private let ascending: Bool
    /// The number of places before the next part.
    private var position = 0

    init(_ sums: [Int], ascending: Bool) {
        self.sums = sums
        self.ascending = ascending
    }

    var total: Int { sums.last ?? 0 }

    mutating func next(
        skipping skippedCount: Int,
        count: Int,
        of run: inout QueryRun
    ) throws(StorageError) -> [RowPlace] {
        position += min(skippedCount, total - position)
        let end = position + min(count, total - position)
        var places: [RowPlace] = []
        places.reserveCapacity(end - position)
        while position < end {
            let number = ascending ? position : total - 1 - position
            let segment = segment(of: number)
            let passed = ascending ? number - sums[segment] : sums[segment + 1] - 1 - number
            var rest = min(end - position, sums[segment + 1] - sums[segment] - passed)
            position += rest
            try run.enumerated(segment).forEach(ascending: ascending, skipping: passed) { row in
                places.append(RowPlace(segment: segment, row: row))
                rest -= 1
                return rest > 0
            }
        }
        return places
    }

    /// Returns the segment of the match with a number, counted from the oldest.
    private func segment(of number: Int) -> Int {
        var low = 0
        var high = sums.count - 2
        while low < high {
            let middle = (low + high) / 2
            if sums[middle + 1] <= number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
