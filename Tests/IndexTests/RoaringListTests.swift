import Disk
import JSON
import TestSupport
import Testing

@testable import Index

struct RoaringListTests {
    private static let seed: Comment = "SEED=\(SeededGenerator.runSeed)"

    /// These bytes were written by CRoaring (pyroaring 1.2.0).
    ///
    ///     bitmap = pyroaring.BitMap(rows); bitmap.run_optimize(); print(bitmap.serialize().hex())
    @Test(
        arguments: [
            ([], "3a30000000000000"),
            ([7], "3a3000000100000000000000100000000700"),
            ([1, 5, 1000, 65535], "3a30000001000000000003001000000001000500e803ffff"),
            // Three consecutive rows take the same number of bytes in both forms.
            ([5, 6, 7], "3a300000010000000000020010000000050006000700"),
            ([5, 6, 7, 8], "3b3000000100000300010005000300"),
            (Array(0..<65536), "3b300000010000ffff01000000ffff"),
            (Array(100..<300), "3b300000010000c70001006400c700"),
            (
                [3] + Array(65536..<65586) + [131081, 131083],
                "3b30020002000000000100310002000100030001000000310009000b00"
            ),
            (
                [5, 65541, 131077, 196613] + Array(262144..<262244),
                "3b3004001000000000010000000200000003000000040063002d0000002f00000031000000330000003500000005000500050005"
                    + "00010000006300"
            ),
            (
                (0..<9).map { $0 * 65537 },
                "3a3000000900000000000000010000000200000003000000040000000500000006000000070000000800000050000000520000"
                    + "005400000056000000580000005a0000005c0000005e00000060000000000001000200030004000500060007000800"
            ),
            (Array(65000..<66000), "3b30010003000017020100cf010100e8fd170201000000cf01"),
        ] as [([UInt32], String)]
    )
    func bytesMatchAnotherImplementation(_ rows: [UInt32], _ hex: String) throws {
        var bytes: [UInt8] = []
        RoaringList.append(rows[...], to: &bytes)
        #expect(Hexadecimal.text(bytes) == hex)
        #expect(try Self.rows(bytes) == rows.map(Int.init))
    }

    /// As above, for those too long to print: their XXH3-64 (xxhash 4.1.0, `xxh3_64_hexdigest`).
    @Test(
        arguments: [
            (Array(stride(from: 0, to: 8192, by: 2)), 8208, "97c69ac60be77e4c"),
            (Array(stride(from: 0, to: 8194, by: 2)), 8208, "a9bf45d5e43e0d91"),
            (
                Array(stride(from: 0, to: 50000, by: 3)) + Array(65536..<131072) + [200000, .max], 8239,
                "dc1295baef93dbc0"
            ),
        ] as [([UInt32], Int, String)]
    )
    func longBytesMatchAnotherImplementation(_ rows: [UInt32], _ byteCount: Int, _ checksum: String) throws {
        var bytes: [UInt8] = []
        RoaringList.append(rows[...], to: &bytes)
        #expect(bytes.count == byteCount)
        #expect(Hexadecimal.text(XXH3.hash64(bytes)) == checksum)
        #expect(try Self.rows(bytes) == rows.map(Int.init))
    }

    /// Sets of every density, so that all kinds of containers are combined.
    @Test func listMatchesASet() throws {
        var generator = SeededGenerator()
        for _ in 0..<30 {
            let rowCount = Int.random(in: 1...200_000, using: &generator)
            let rows = Self.randomRows(below: rowCount, &generator)
            var bytes: [UInt8] = [1, 2, 3]
            RoaringList.append(rows.map(UInt32.init)[...], to: &bytes)
            let list = try RoaringList(in: MappedPart.unchecked(bytes), at: 3)
            #expect(try list.count() == rows.count, Self.seed)
            #expect(try Self.rows(bytes, at: 3) == rows, Self.seed)
            var descending: [Int] = []
            try list.forEach(ascending: false) { descending.append($0) }
            #expect(descending == rows.reversed(), Self.seed)
            let limit = Int.random(in: 0...rowCount, using: &generator)
            var set = RowSet(rowCount: limit)
            try list.add(to: &set)
            var expected = RowSet(rowCount: limit)
            for row in rows { expected.insert(row) }
            #expect(set == expected, Self.seed)
            let members = Set(rows)
            for _ in 0..<50 {
                let row = Int.random(in: 0..<rowCount, using: &generator)
                #expect(try list.contains(row) == members.contains(row), Self.seed)
            }
        }
    }

    @Test func listIsAddedToASet() throws {
        var bytes: [UInt8] = []
        RoaringList.append([1, 70], to: &bytes)
        var set = RowSet(rowCount: 100)
        set.insert(2)
        try RoaringList(in: MappedPart.unchecked(bytes), at: 0).add(to: &set)
        #expect((0..<100).filter(set.contains) == [1, 2, 70])
    }

    /// Random bytes after each of the two cookies are refused or are rows; reads stay within bounds.
    @Test func readsOfAnyBytesStayInBounds() {
        var generator = SeededGenerator()
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            let cookie = [RoaringList.cookie, RoaringList.cookieWithRuns, RoaringList.cookieWithRuns | 1 << 16]
            bytes.append(littleEndian: cookie.randomElement(using: &generator) ?? 0)
            if Bool.random(using: &generator) {
                bytes.append(littleEndian: UInt32.random(in: 0...3, using: &generator))
            }
            bytes += generator.bytes(count: Int.random(in: 0...60, using: &generator))
            do {
                let list = try RoaringList(in: MappedPart.unchecked(bytes), at: 0)
                _ = try list.count()
                _ = try list.contains(5)
                try list.forEach { _ in }
                try list.forEach(ascending: false) { _ in }
                var set = RowSet(rowCount: 1_000)
                try list.add(to: &set)
            } catch {
                guard case StorageError.corrupt = error else {
                    Issue.record("\(error)", severity: .error)
                    continue
                }
            }
        }
    }

    private static func rows(_ bytes: [UInt8], at offset: Int = 0) throws -> [Int] {
        var rows: [Int] = []
        try RoaringList(in: MappedPart.unchecked(bytes), at: offset).forEach { rows.append($0) }
        return rows
    }

    /// Returns random rows, in ranges of different density.
    private static func randomRows(below rowCount: Int, _ generator: inout SeededGenerator) -> [Int] {
        var rows: [Int] = []
        var row = 0
        while row < rowCount {
            let end = min(rowCount, row + Int.random(in: 1...50_000, using: &generator))
            let step = [1, 2, 3, 17, 1_000, 70_000].randomElement(using: &generator) ?? 1
            while row < end {
                rows.append(row)
                row += Int.random(in: 1...step, using: &generator)
            }
        }
        return rows
    }
}
