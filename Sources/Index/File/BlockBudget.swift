internal import NIOConcurrencyHelpers

internal import struct Synchronization.Atomic

/// Limits the memory that the blocks of all index files of the process take.
///
/// When they exceed the limit, files that no read has used lately lose all their blocks (the clock algorithm, with files
/// as pages): a block is read again in a microsecond if the kernel still has it. Rejected: evicting single blocks, which
/// needs an order among a hundred thousand of them.
final class BlockBudget: Sendable {
    /// The budget of all index files outside of tests.
    static let shared = BlockBudget(byteCountMax: 32 << 20)

    private struct Clock {
        var memories: [BlockMemory] = []
        var hand = 0
    }

    private let byteCountMax: Int
    private let storedByteCount = Atomic<Int>(0)
    private let clock = NIOLockedValueBox(Clock())

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// How many bytes all blocks take.
    var byteCount: Int { storedByteCount.load(ordering: .relaxed) }

    func add(_ memory: BlockMemory) {
        clock.withLockedValue { $0.memories.append(memory) }
    }

    func remove(_ memory: BlockMemory) {
        clock.withLockedValue { $0.memories.removeAll { $0 === memory } }
        storedByteCount.wrappingSubtract(memory.storedByteCount, ordering: .relaxed)
    }

    /// Counts a block that was stored.
    func didStoreBlock() {
        storedByteCount.wrappingAdd(BlockMemory.blockByteCount, ordering: .relaxed)
    }

    /// Evicts blocks until three quarters of the limit are left, if it is exceeded; called between reads.
    func trim() {
        guard byteCount > byteCountMax else { return }
        clock.withLockedValue { clock in
            // In the first round all of them may have been read lately.
            for _ in 0..<2 * clock.memories.count where byteCount > byteCountMax / 4 * 3 {
                clock.hand = (clock.hand + 1) % clock.memories.count
                let evicted = clock.memories[clock.hand].evictUnlessRead()
                storedByteCount.wrappingSubtract(evicted, ordering: .relaxed)
            }
        }
    }
}
