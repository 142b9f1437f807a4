import Disk
import JSON
import TestSupport
import Testing

@testable import Index

struct PackedColumnTests {
    private static let seed: Comment = "SEED=\(SeededGenerator.runSeed)"

    /// Every width, around block boundaries, and the limits of 64 bits.
    @Test(arguments: 0...8, [1, 2, 127, 128, 129, 300])
    func packedNumbersAreReadBack(_ width: Int, _ count: Int) throws {
        var generator = SeededGenerator()
        for base in [Int64.min, -1, 0, 1_780_000_000_000_000] {
            let limit: UInt64 = width == 8 ? .max : 1 << UInt64(width * 8) - 1
            let numbers = (0..<count).map { index in
                base &+ Int64(bitPattern: index % 2 == 0 ? limit : UInt64.random(in: 0...limit, using: &generator))
            }
            let column = try column(numbers)
            for (index, number) in numbers.enumerated() {
                #expect(try column.value(at: index) == number, "\(Self.seed) base \(base)")
            }
            var seen: [Int64] = []
            try column.forEach(in: count / 3..<count) { position, number in
                #expect(position == count / 3 + seen.count)
                seen.append(number)
            }
            #expect(seen[...] == numbers[(count / 3)...], Self.seed)
        }
    }

    @Test func positionIsFoundByBisection() throws {
        let numbers = (0..<500).map { Int64($0 / 3 * 10) }
        let column = try column(numbers)
        for bound in -1...1_700 as ClosedRange<Int64> {
            let expected = numbers.firstIndex { $0 >= bound } ?? 500
            #expect(try column.firstPosition(in: 0..<500, notBelow: bound) == expected)
        }
        #expect(try column.firstPosition(in: 100..<110, notBelow: 0) == 100)
        #expect(try column.firstPosition(in: 100..<110, notBelow: 9_999) == 110)
    }

    /// As in docs/FORMAT.md: the minimum, a byte for the width, seven for the offset, then the differences.
    @Test func bytesMatchTheDocumentation() {
        var bytes: [UInt8] = []
        PackedColumn.append([1_000, 1_300, 1_001], to: &bytes)
        #expect(bytes == [0xe8, 3, 0, 0, 0, 0, 0, 0, 2, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0x2c, 1, 1, 0])
    }

    @Test func equalNumbersNeedNoBytes() {
        var bytes: [UInt8] = []
        PackedColumn.append([Int64](repeating: 7, count: 256), to: &bytes)
        #expect(bytes.count == 32)
    }

    @Test func readsStayWithinThePart() throws {
        for place in [UInt64.max, 9, 8 | 17 << 8, 1 | 1 << 60, 2 | 15 << 8] as [UInt64] {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: Int64.max)
            bytes.append(littleEndian: place)
            bytes.append(UInt8(0))
            let column = PackedColumn(part: try MappedPart.unchecked(bytes), count: 128)
            #expect(throws: StorageError.self) { try column.value(at: 127) }
        }
    }

    private func column(_ numbers: [Int64]) throws -> PackedColumn {
        var bytes: [UInt8] = []
        PackedColumn.append(numbers, to: &bytes)
        return PackedColumn(part: try MappedPart.unchecked(bytes), count: numbers.count)
    }
}

extension MappedPart {
    /// Returns bytes as a part of a file with matching checksums, which is being read from now on.
    static func unchecked(_ bytes: [UInt8]) throws -> MappedPart {
        let map = try CheckedMap.of(bytes, path: "part")
        map.beginReading()
        return MappedPart(map: map, range: 0..<bytes.count)
    }
}
