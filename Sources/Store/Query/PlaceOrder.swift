internal import Disk
internal import Index
internal import JSON

/// A row by the position of its segment in the run, and its number in that segment.
struct RowPlace: Sendable, Hashable {
    // Half the size of two integers: a long list keeps some thousands of places for each client that reads it.
    private let segmentPosition: UInt32
    private let rowNumber: UInt32

    init(segment: Int, row: Int) {
        segmentPosition = UInt32(segment)
        rowNumber = UInt32(row)
    }

    var segment: Int { Int(segmentPosition) }
    var row: Int { Int(rowNumber) }
}

/// An order of the matching rows that is continued part by part, from where the last part ended.
///
/// Between two parts it keeps a position, not rows: each part asks the indexes again, for the same rows.
protocol PlaceOrder: Sendable {
    /// Returns the next `count` places after the skipped ones; fewer only at the end.
    mutating func next(
        skipping skippedCount: Int,
        count: Int,
        of run: inout QueryRun
    ) throws(StorageError) -> [RowPlace]
}

/// Places that are known already, because documents had to be read for their order.
struct KnownOrder: PlaceOrder {
    private let places: [RowPlace]
    private var position = 0

    init(_ places: [RowPlace] = []) {
        self.places = places
    }

    /// The memory of the places.
    var byteCount: Int { places.count * MemoryLayout<RowPlace>.stride }

    mutating func next(skipping skippedCount: Int, count: Int, of run: inout QueryRun) -> [RowPlace] {
        let rest = places.dropFirst(position).dropFirst(skippedCount).prefix(count)
        position = rest.endIndex
        return Array(rest)
    }
}
