internal import Disk

/// A compressed column of 64-bit numbers with access in constant time.
///
/// Shape: for each block of 128 numbers an entry of 16 bytes, then the blocks:
///
///     entry   the smallest number of the block (8 bytes, signed), then 8 bytes: how many bytes a difference has
///             (0 to 8) in the lowest, and in the other seven where the block begins, from the column's first byte
///     block   each number's difference from the smallest, that many bytes each
///
/// Adjacent numbers in a log are close, so 2 or 3 bytes are enough for most offsets and times. Rejected: widths in
/// bits, which save less than a byte and need shifts across words; differences from the previous number, which must be
/// summed up. Source: docs/FORMAT.md, "Index files".
struct PackedColumn: Sendable {
    static let blockCount = 128
    private static let entryByteCount = 16

    let part: MappedPart
    let count: Int

    /// Returns the number at a position.
    ///
    /// - Precondition: the position is below `count`.
    func value(at position: Int) throws(StorageError) -> Int64 {
        precondition(position >= 0 && position < count, "a position of the column")
        let block = try block(position / Self.blockCount)
        let offset = block.offset + position % Self.blockCount * block.width
        return block.value(try part.bytes(at: offset, count: block.width), at: 0)
    }

    /// Calls `body` with each position of a range and its number, in order.
    func forEach(in positions: Range<Int>, _ body: (Int, Int64) -> Void) throws(StorageError) {
        precondition(positions.lowerBound >= 0 && positions.upperBound <= count, "positions of the column")
        var start = positions.lowerBound
        while start < positions.upperBound {
            let end = min(positions.upperBound, (start / Self.blockCount + 1) * Self.blockCount)
            let block = try block(start / Self.blockCount)
            let offset = block.offset + start % Self.blockCount * block.width
            let bytes = try part.bytes(at: offset, count: (end - start) * block.width)
            for position in start..<end { body(position, block.value(bytes, at: (position - start) * block.width)) }
            start = end
        }
    }

    /// Returns the first position of a range whose number is not below `bound`, or the range's end; the numbers must
    /// ascend.
    func firstPosition(in positions: Range<Int>, notBelow bound: Int64) throws(StorageError) -> Int {
        try positions.firstPosition { position throws(StorageError) in try value(at: position) >= bound }
    }

    private struct Block {
        let base: Int64
        let width: Int
        let offset: Int

        func value(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int64 {
            let difference: UInt64 =
                switch width {
                case 0: 0
                case 2: UInt64(bytes.littleEndian(at: offset, as: UInt16.self))
                case 4: UInt64(bytes.littleEndian(at: offset, as: UInt32.self))
                case 8: bytes.littleEndian(at: offset, as: UInt64.self)
                default:
                    (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64($1 * 8) }
                }
            return base &+ Int64(bitPattern: difference)
        }
    }

    private func block(_ index: Int) throws(StorageError) -> Block {
        let entry = try part.bytes(at: index * Self.entryByteCount, count: Self.entryByteCount)
        let place = entry.littleEndian(at: 8, as: UInt64.self)
        let width = Int(place & 0xff)
        guard width <= 8 else {
            throw part.corrupt(at: index * Self.entryByteCount)
        }
        return Block(base: entry.littleEndian(at: 0, as: Int64.self), width: width, offset: Int(place >> 8))
    }

    /// Appends a column of these numbers.
    static func append(_ values: some RandomAccessCollection<Int64>, to output: inout [UInt8]) {
        let start = output.count
        let blockTotal = (values.count + blockCount - 1) / blockCount
        output.append(contentsOf: repeatElement(0, count: blockTotal * entryByteCount))
        for block in 0..<blockTotal {
            let first = values.index(values.startIndex, offsetBy: block * blockCount)
            let numbers = values[first...].prefix(blockCount)
            let base = numbers.min() ?? 0
            let span = UInt64(bitPattern: (numbers.max() ?? 0) &- base)
            let width = (64 - span.leadingZeroBitCount + 7) / 8
            let entry = start + block * entryByteCount
            output.set(littleEndian: base, at: entry)
            output.set(littleEndian: UInt64(output.count - start) << 8 | UInt64(width), at: entry + 8)
            for number in numbers {
                var difference = UInt64(bitPattern: number &- base)
                for _ in 0..<width {
                    output.append(UInt8(truncatingIfNeeded: difference))
                    difference >>= 8
                }
            }
        }
    }
}

extension Range<Int> {
    /// Finds by bisection the first position for which `isBeyond` holds, given that it holds for all later ones;
    /// otherwise the range's end.
    func firstPosition(where isBeyond: (Int) throws(StorageError) -> Bool) throws(StorageError) -> Int {
        var low = lowerBound
        var high = upperBound
        while low < high {
            let middle = low + (high - low) / 2
            if try isBeyond(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
