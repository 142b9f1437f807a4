internal import Disk
internal import JSON

/// One field of an index file: its distinct values in order, and for each the rows that have it.
///
/// A list of one row is stored in place of an offset, as 2 × row + 1; offsets of Roaring bitmaps are even. Source:
/// docs/FORMAT.md, "Index files".
struct MappedField: Sendable {
    let path: FieldPath
    let dictionary: MappedDictionary
    /// The number of rows of all lists together.
    let listedCount: Int
    /// Whether a row is in several lists.
    let hasOverlaps: Bool
    private let places: PackedColumn
    private let lists: MappedPart
    /// The number of rows of the segment.
    private let rowCount: Int

    init(_ section: IndexHeader.Section, in map: CheckedMap, path: FieldPath, rowCount: Int) {
        self.path = path
        self.rowCount = rowCount
        listedCount = section.listedCount
        hasOverlaps = section.hasOverlaps
        let parts = section.parts.map { MappedPart(map: map, range: $0) }
        dictionary = MappedDictionary(ends: parts[0], values: parts[1], count: section.count)
        places = PackedColumn(part: parts[2], count: section.count)
        lists = parts[3]
    }

    /// Returns how many rows have the value at a position.
    func count(at position: Int) throws(StorageError) -> Int {
        guard case .many(let list) = try list(at: position) else { return 1 }
        let count = try list.count()
        guard count <= rowCount else { throw lists.corrupt() }
        return count
    }

    /// Adds the rows that have the value at a position.
    func add(at position: Int, to set: inout RowSet) throws(StorageError) {
        switch try list(at: position) {
        case .one(let row): set.insert(row)
        case .many(let list): try list.add(to: &set)
        }
    }

    /// Calls `body` with the rows that have the value at a position, ascending.
    func forEachRow(at position: Int, _ body: (Int) -> Void) throws(StorageError) {
        switch try list(at: position) {
        case .one(let row): body(row)
        case .many(let list):
            var isBeyond = false
            try list.forEach { row in
                if row < rowCount { body(row) } else { isBeyond = true }
            }
            if isBeyond { throw lists.corrupt() }
        }
    }

    /// Returns the positions of the values that pass a comparison, which are consecutive.
    func positions(passing test: Condition.Test) throws(StorageError) -> Range<Int> {
        let bounds: Range<Int>
        let reading: Scalar
        switch test {
        case .anyOf, .noneOf: return 0..<0
        case .less(let operand), .lessOrEqual(let operand), .greater(let operand), .greaterOrEqual(let operand):
            reading = operand.reading
        }
        guard reading != .null else { return 0..<0 }
        let start = try dictionary.firstPosition { $0.isComparable(to: reading) || reading.precedes($0) }
        let end = try dictionary.firstPosition { !$0.isComparable(to: reading) && reading.precedes($0) }
        let firstAlike = try dictionary.firstPosition { !$0.precedes(reading) }
        let firstAfter = try dictionary.firstPosition { reading.precedes($0) }
        switch test {
        case .anyOf, .noneOf: bounds = 0..<0
        case .less: bounds = start..<max(start, firstAlike)
        case .lessOrEqual: bounds = start..<max(start, firstAfter)
        case .greater: bounds = min(firstAfter, end)..<end
        case .greaterOrEqual: bounds = min(firstAlike, end)..<end
        }
        return bounds
    }

    private enum List {
        case one(Int)
        case many(RoaringList)
    }

    private func list(at position: Int) throws(StorageError) -> List {
        let place = Int(try places.value(at: position))
        guard place >= 0 else { throw lists.corrupt() }
        guard place & 1 == 1 else { return .many(try RoaringList(in: lists, at: place)) }
        guard place >> 1 < rowCount else { throw lists.corrupt() }
        return .one(place >> 1)
    }
}

/// The column of a field in an index file.
struct MappedColumn: ValueColumn {
    let field: MappedField
    let map: CheckedMap

    var valueCount: Int { field.dictionary.count }

    func value(at position: Int) throws(StorageError) -> Scalar {
        try map.reading { () throws(StorageError) in try field.dictionary.scalar(at: position) }
    }

    func forEachRow(at position: Int, _ body: (Int) -> Void) throws(StorageError) {
        try map.reading { () throws(StorageError) in try field.forEachRow(at: position, body) }
    }
}
