internal import Disk
internal import Glibc
internal import NIOConcurrencyHelpers

internal import struct Synchronization.Atomic

/// Memory for the blocks of one file: a block has its offset from the start, and takes memory from when it is stored
/// until all blocks are evicted.
///
/// Reading and eviction exclude each other, so a stored block stays where it is until the read ends. A read waits only
/// for an eviction that has begun, which takes microseconds; an eviction does not wait but gives up.
final class BlockMemory: @unchecked Sendable {
    static let blockByteCount = 4096

    private let region: UnsafeMutableRawBufferPointer
    /// A bit for each block: whether it is stored.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let wordCount: Int
    /// How many reads are in progress; far below zero during an eviction.
    private let readCount = Atomic<Int>(0)
    /// Whether a read has begun since ``evictUnlessRead()`` was called.
    private let wasRead = Atomic<Bool>(false)
    /// Held while blocks are stored or evicted.
    private let change = NIOLock()
    private var storedCount = 0

    /// What an eviction adds to the number of reads.
    private static let evicting = Int.min / 2

    /// Reserves addresses for `byteCount` bytes; they take no memory yet.
    ///
    /// - Throws: ``StorageError/disk(_:)`` with the path of the file if the process has no more addresses.
    init(byteCount: Int, path: String) throws(StorageError) {
        let blockCount = (byteCount + Self.blockByteCount - 1) / Self.blockByteCount
        let regionByteCount = max(1, blockCount) * Self.blockByteCount
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let address = mmap(nil, regionByteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let address, address != MAP_FAILED else {
            throw .disk(DiskError(call: .mmap, path: path, code: errno))
        }
        // A huge page would take 2 MiB for one block.
        madvise(address, regionByteCount, MADV_NOHUGEPAGE)
        region = UnsafeMutableRawBufferPointer(start: address, count: regionByteCount)
        wordCount = blockCount / 64 + 1
        words = .allocate(capacity: wordCount)
        for word in 0..<wordCount { (words + word).initialize(to: Atomic(0)) }
    }

    deinit {
        munmap(region.baseAddress, region.count)
        words.deinitialize(count: wordCount)
        words.deallocate()
    }

    /// The length of all stored blocks.
    var storedByteCount: Int { change.withLock { storedCount } * Self.blockByteCount }

    /// Whether blocks stay where they are.
    var isBeingRead: Bool { readCount.load(ordering: .relaxed) > 0 }

    /// Keeps every block that is or will be stored where it is, until as many calls of ``endReading()``.
    func beginReading() {
        if !wasRead.load(ordering: .relaxed) { wasRead.store(true, ordering: .relaxed) }
        while readCount.wrappingAdd(1, ordering: .acquiring).newValue <= 0 {
            readCount.wrappingSubtract(1, ordering: .relaxed)
            // The eviction holds the lock until it is done.
            change.withLock {}
        }
    }

    func endReading() {
        readCount.wrappingSubtract(1, ordering: .releasing)
    }

    func contains(_ block: Int) -> Bool {
        words[block / 64].load(ordering: .acquiring) & (1 << UInt64(block % 64)) != 0
    }

    /// Returns bytes of stored blocks; valid until the read ends.
    ///
    /// - Precondition: a read is in progress.
    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        assert(isBeingRead, "blocks that are not being read may be evicted")
        return UnsafeRawBufferPointer(rebasing: region[range])
    }

    /// Stores a block; returns false if another thread has already stored it.
    ///
    /// - Precondition: a read is in progress.
    func store(_ bytes: [UInt8], as block: Int) -> Bool {
        change.withLock {
            guard !contains(block) else { return false }
            let start = block * Self.blockByteCount
            UnsafeMutableRawBufferPointer(rebasing: region[start..<start + bytes.count]).copyBytes(from: bytes)
            words[block / 64].bitwiseOr(1 << UInt64(block % 64), ordering: .releasing)
            storedCount += 1
            return true
        }
    }

    /// Releases the memory of all blocks, unless one was read since the last call; returns how many bytes.
    func evictUnlessRead() -> Int {
        guard !wasRead.exchange(false, ordering: .relaxed) else { return 0 }
        return change.withLock {
            let (isIdle, _) = readCount.compareExchange(
                expected: 0,
                desired: Self.evicting,
                ordering: .acquiring
            )
            guard isIdle else { return 0 }
            defer {
                readCount.wrappingSubtract(Self.evicting, ordering: .releasing)
                storedCount = 0
            }
            for word in 0..<wordCount { words[word].store(0, ordering: .relaxed) }
            madvise(region.baseAddress, region.count, MADV_DONTNEED)
            return storedCount * Self.blockByteCount
        }
    }
}
