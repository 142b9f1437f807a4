import TestSupport
import Testing

@testable import Index

struct RowSetTests {
    /// Every operation on sets around word boundaries, compared with Swift's sets.
    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 200])
    func rowSetMatchesASet(_ rowCount: Int) {
        var generator = SeededGenerator()
        let seed: Comment = "SEED=\(SeededGenerator.runSeed)"
        let all = Set(0..<rowCount)
        let left = all.filter { _ in Bool.random(using: &generator) }
        let right = all.filter { _ in Bool.random(using: &generator) }
        var set = rowSet(left, rowCount)
        #expect(rows(set) == left.sorted(), seed)
        #expect(rows(set, ascending: false) == left.sorted().reversed(), seed)
        #expect(set.count == left.count, seed)
        for row in 0..<rowCount + 70 { #expect(set.contains(row) == left.contains(row), seed) }

        set.formIntersection(rowSet(right, rowCount))
        #expect(rows(set) == left.intersection(right).sorted(), seed)
        set.invert()
        #expect(rows(set) == all.subtracting(left.intersection(right)).sorted(), seed)
        for row in right { set.remove(row) }
        #expect(rows(set) == all.subtracting(right).sorted(), seed)
        #expect(RowSet(rowCount: rowCount, isFull: true) == rowSet(all, rowCount), seed)
    }

    @Test func rowsPastTheEndAreLeftOut() {
        var set = RowSet(rowCount: 3)
        set.insert(3)
        set.insert(64)
        set.remove(99)
        #expect(set == RowSet(rowCount: 3))
        #expect(rows(RowSet(rowCount: 3, rows: 1..<9)) == [1, 2])
    }

    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 200])
    func manyRowsAreInsertedAtOnce(_ rowCount: Int) {
        var generator = SeededGenerator()
        for _ in 0..<50 {
            let start = Int.random(in: 0..<220, using: &generator)
            let range = start..<start + Int.random(in: 0..<100, using: &generator)
            let word = UInt64.random(in: .min ... .max, using: &generator)
            let index = Int.random(in: 0..<4, using: &generator)
            let some = Array(range).filter { _ in Bool.random(using: &generator) }
            var set = rowSet([1], rowCount)
            set.insert(rows: range)
            set.insert(word: word, at: index)
            set.insert(count: some.count) { some[$0] * 2 }
            let bits = (0..<64).filter { word & (1 << UInt64($0)) != 0 }.map { index * 64 + $0 }
            let expected = Set([1] + range + bits + some.map { $0 * 2 }).filter { $0 < rowCount }
            #expect(rows(set) == expected.sorted(), "SEED=\(SeededGenerator.runSeed)")
        }
    }

    @Test func rowSetGrowsRowByRow() {
        var set = RowSet(rowCount: 0)
        for row in 0..<150 { set.append(isIn: row % 3 == 0) }
        #expect(set == rowSet(Set(stride(from: 0, to: 150, by: 3)), 150))
    }

    @Test func iterationStopsOnRequest() {
        var visited: [Int] = []
        RowSet(rowCount: 200, isFull: true).forEach(ascending: false) { row in
            visited.append(row)
            return visited.count < 3
        }
        #expect(visited == [199, 198, 197])
    }

    private func rowSet(_ rows: Set<Int>, _ rowCount: Int) -> RowSet {
        var set = RowSet(rowCount: rowCount)
        for row in rows { set.insert(row) }
        return set
    }

    private func rows(_ set: RowSet, ascending: Bool = true) -> [Int] {
        var rows: [Int] = []
        set.forEach(ascending: ascending) { row in
            rows.append(row)
            return true
        }
        return rows
    }
}
