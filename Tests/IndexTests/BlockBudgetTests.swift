import Disk
import TestSupport
import Testing

@testable import Index

/// The blocks of all index files together take a bounded amount of memory.
struct BlockBudgetTests {
    private static let size = BlockMemory.blockByteCount
    private static let seed: Comment = "SEED=\(SeededGenerator.runSeed)"

    private static func bodies(_ count: Int) -> [[UInt8]] {
        var generator = SeededGenerator()
        return (0..<count).map { _ in generator.bytes(count: 9 * size + 77) }
    }

    @Test func blocksStayWithinTheBudget() throws {
        var generator = SeededGenerator()
        let budget = BlockBudget(byteCountMax: 20 * Self.size)
        let bodies = Self.bodies(8)
        let maps = try bodies.map { try CheckedMap.of($0, budget: budget) }
        var greatest = 0
        for _ in 0..<2_000 {
            let number = Int.random(in: 0..<maps.count, using: &generator)
            let offset = Int.random(in: 0..<bodies[number].count - 100, using: &generator)
            let found = try maps[number].copy(at: offset, count: 100)
            #expect(found == Array(bodies[number][offset..<offset + 100]), Self.seed)
            greatest = max(greatest, budget.byteCount)
        }
        #expect(greatest > 15 * Self.size && greatest <= 20 * Self.size, Self.seed)
    }

    @Test func releasedFilesTakeNoMemory() throws {
        let budget = BlockBudget(byteCountMax: 1 << 20)
        var map: CheckedMap? = try CheckedMap.of(Self.bodies(1)[0], budget: budget)
        _ = try map?.copy(at: 0, count: 3 * Self.size)
        #expect(budget.byteCount == 3 * Self.size)
        map = nil
        #expect(budget.byteCount == 0)
    }

    @Test func blocksInUseAreNotEvicted() throws {
        let budget = BlockBudget(byteCountMax: 2 * Self.size)
        let bodies = Self.bodies(2)
        let maps = try bodies.map { try CheckedMap.of($0, budget: budget) }
        try maps[0].reading { () throws(StorageError) in
            let bytes = try maps[0].bytes(at: 0, count: 9 * Self.size)
            for _ in 0..<4 { _ = try maps[1].copy(at: 0, count: 9 * Self.size) }
            #expect(bytes.elementsEqual(bodies[0].prefix(9 * Self.size)))
            #expect(budget.byteCount == 9 * Self.size)
        }
        for map in maps { _ = try map.copy(at: 0, count: 1) }
        #expect(budget.byteCount <= 2 * Self.size)
    }

    /// Eviction and reading race in every step.
    @Test func concurrentReadsOfEvictedBlocksAreRight() async throws {
        let budget = BlockBudget(byteCountMax: 3 * Self.size)
        let bodies = Self.bodies(3)
        let maps = try bodies.map { try CheckedMap.of($0, budget: budget) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<4 {
                group.addTask {
                    for step in 0..<3_000 {
                        let number = (reader + step) % maps.count
                        let offset = (step * 7_919 + reader * 104_729) % (bodies[number].count - 64)
                        let found = try maps[number].copy(at: offset, count: 64)
                        #expect(found == Array(bodies[number][offset..<offset + 64]))
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
