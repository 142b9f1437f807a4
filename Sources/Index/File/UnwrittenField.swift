internal import JSON

/// One field of an index file, while rows are added.
struct UnwrittenField {
    let path: FieldPath
    private var ordinals: [Scalar: UInt32] = [:]
    private var scalars: [Scalar] = []
    /// The first value of each row, by its ordinal.
    private var first: [UInt32] = []
    /// The further values of rows with several values, in order of rows.
    private var further: [(row: UInt32, ordinal: UInt32)] = []
    private(set) var listedCount = 0

    /// The ordinal of a row without a value.
    private static let none = UInt32.max

    init(_ path: FieldPath) {
        self.path = path
    }

    var valueCount: Int { scalars.count }

    var hasOverlaps: Bool { !further.isEmpty }

    /// Adds the next row; nil for a tombstone.
    mutating func append(_ value: FieldValue?, as row: UInt32) {
        guard let value else {
            first.append(Self.none)
            return
        }
        switch value {
        case .missing: appendFirst(.null)
        case .one(let scalar): appendFirst(scalar)
        case .many(let scalars):
            var own: [UInt32] = []
            var seen: Set<UInt32> = []
            for scalar in scalars {
                let ordinal = ordinal(of: scalar)
                if seen.insert(ordinal).inserted { own.append(ordinal) }
            }
            first.append(own.first ?? Self.none)
            for ordinal in own.dropFirst() { further.append((row, ordinal)) }
            listedCount += own.count
        }
    }

    /// Adds a row's first value, which is often that of the previous row.
    private mutating func appendFirst(_ scalar: Scalar) {
        listedCount += 1
        if let last = first.last, last != Self.none, scalars[Int(last)] == scalar {
            first.append(last)
        } else {
            first.append(ordinal(of: scalar))
        }
    }

    private mutating func ordinal(of scalar: Scalar) -> UInt32 {
        if let known = ordinals[scalar] { return known }
        let ordinal = UInt32(scalars.count)
        ordinals[scalar] = ordinal
        scalars.append(scalar)
        return ordinal
    }

    /// Writes the four arrays of the section.
    func append(to body: inout IndexBody) {
        let order = SortKey.order(of: scalars)
        var stored: [UInt8] = []
        var ends: [Int64] = []
        ends.reserveCapacity(order.count)
        for ordinal in order {
            StoredScalar.append(scalars[ordinal], to: &stored)
            ends.append(Int64(stored.count))
        }
        body.part { PackedColumn.append(ends, to: &$0) }
        body.part { $0.append(contentsOf: stored) }

        let rows = rowsByOrdinal()
        var lists: [UInt8] = []
        var places: [Int64] = []
        places.reserveCapacity(order.count)
        for ordinal in order {
            let own = rows.rows[rows.starts[ordinal]..<rows.starts[ordinal + 1]]
            if own.count == 1, let row = own.first {
                places.append(Int64(row) << 1 | 1)
            } else {
                lists.pad(to: 2)
                places.append(Int64(lists.count))
                RoaringList.append(own, to: &lists)
            }
        }
        body.part { PackedColumn.append(places, to: &$0) }
        body.part { $0.append(contentsOf: lists) }
    }

    /// Returns the rows of every value, ascending, by counting sort.
    private func rowsByOrdinal() -> (rows: [UInt32], starts: [Int]) {
        var starts = [Int](repeating: 0, count: scalars.count + 1)
        for ordinal in first where ordinal != Self.none { starts[Int(ordinal) + 1] += 1 }
        for entry in further { starts[Int(entry.ordinal) + 1] += 1 }
        for index in scalars.indices { starts[index + 1] += starts[index] }
        var next = starts
        var rows = [UInt32](repeating: 0, count: listedCount)
        var rest = further[...]
        func add(_ row: UInt32, to ordinal: UInt32) {
            rows[next[Int(ordinal)]] = row
            next[Int(ordinal)] += 1
        }
        for (row, ordinal) in first.enumerated() where ordinal != Self.none {
            add(UInt32(row), to: ordinal)
            while let entry = rest.first, entry.row == row {
                add(entry.row, to: entry.ordinal)
                rest = rest.dropFirst()
            }
        }
        return (rows, starts)
    }
}

/// A key of eight bytes that sorts most values in the order of dictionaries without comparing the values.
private struct SortKey {
    private let bits: UInt64
    private let group: UInt8
    private let index: Int

    /// Returns the positions of `scalars` in the order of dictionaries.
    static func order(of scalars: [Scalar]) -> [Int] {
        var keys = scalars.enumerated().map { SortKey($1, index: $0) }
        keys.sort { left, right in
            if left.group != right.group { return left.group < right.group }
            if left.bits != right.bits { return left.bits < right.bits }
            return scalars[left.index].isOrdered(before: scalars[right.index])
        }
        return keys.map(\.index)
    }

    private init(_ scalar: Scalar, index: Int) {
        self.index = index
        switch scalar {
        case .null: (group, bits) = (0, 0)
        case .bool(let value): (group, bits) = (1, value ? 1 : 0)
        case .number(let number), .numeral(let number, _): (group, bits) = (2, Self.bits(of: number))
        case .instant(let instant): (group, bits) = (3, UInt64(bitPattern: instant.microseconds) ^ 1 << 63)
        case .text(let text): (group, bits) = (4, text.leadingBits)
        }
    }

    /// Returns the nearest double as an integer with the same order (Knuth's method for signed magnitudes).
    private static func bits(of number: Number) -> UInt64 {
        let double: Double =
            switch number {
            case .whole(let value): Double(value)
            case .real(let value): value
            }
        let bits = double.bitPattern
        return bits >> 63 == 1 ? ~bits : bits | 1 << 63
    }
}

extension Text {
    /// The first eight bytes, with zeros after a shorter text, as an integer with the same order.
    var leadingBits: UInt64 {
        string.utf8.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(56 - 8 * $1.offset) }
    }
}
