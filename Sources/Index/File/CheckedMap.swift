internal import Disk
internal import JSON

/// The body of an index file in memory, read block by block: each is verified when it is first read.
///
/// So opening takes constant time, and a query reads and verifies only the blocks it accesses. A ``BlockBudget`` evicts
/// blocks, which are then read and verified again. The file is read, never mapped: where it has become shorter or cannot
/// be read, the access throws. Every offset is valid as an argument: one outside of the body throws, so malformed files
/// cannot cause out-of-bounds reads. Source: docs/FORMAT.md, "Index files".
final class CheckedMap: Sendable {
    /// The length of a block with one checksum.
    static let blockByteCount = BlockMemory.blockByteCount

    let path: String
    private let source: IndexSource
    /// The blocks, from the end of the header to the table of their checksums.
    private let body: Range<Int>
    private let checksums: [UInt64]
    private let seed: UInt64
    private let memory: BlockMemory
    private let budget: BlockBudget

    /// Wraps the body of a file; `checksums` are those of its blocks, verified.
    ///
    /// - Throws: ``StorageError/disk(_:)`` if the process has no more addresses.
    init(
        _ source: IndexSource,
        path: String,
        body: Range<Int>,
        checksums: [UInt64],
        seed: UInt64,
        budget: BlockBudget = .shared
    ) throws(StorageError) {
        precondition(checksums.count == Self.blockCount(of: body.count), "each block has a checksum")
        self.source = source
        self.path = path
        self.body = body
        self.checksums = checksums
        self.seed = seed
        self.budget = budget
        memory = try BlockMemory(byteCount: body.count, path: path)
        budget.add(memory)
    }

    deinit {
        budget.remove(memory)
    }

    static func blockCount(of byteCount: Int) -> Int {
        (byteCount + blockByteCount - 1) / blockByteCount
    }

    /// Runs a body that uses ``bytes(at:count:)``.
    func reading<Value>(_ body: () throws(StorageError) -> Value) throws(StorageError) -> Value {
        beginReading()
        defer { endReading() }
        return try body()
    }

    func beginReading() {
        memory.beginReading()
    }

    func endReading() {
        memory.endReading()
        budget.trim()
    }

    /// Returns the bytes at an offset of the file; valid until the end of ``reading(_:)``.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` if a block of them is damaged, or if they are not within the body;
    ///   ``StorageError/disk(_:)`` if it cannot be read.
    func bytes(at offset: Int, count: Int) throws(StorageError) -> UnsafeRawBufferPointer {
        guard count >= 0, offset >= body.lowerBound, offset <= body.upperBound, count <= body.upperBound - offset else {
            throw corrupt(.malformed(at: offset))
        }
        guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let start = offset - body.lowerBound
        let first = start / Self.blockByteCount
        let last = (start + count - 1) / Self.blockByteCount
        for block in first...last where !memory.contains(block) { try load(block) }
        return memory.bytes(start..<start + count)
    }

    /// Reads and verifies the whole body, a block at a time.
    func verify() throws(StorageError) {
        for block in checksums.indices { _ = try verified(block) }
    }

    func corrupt(_ reason: Corruption.Index) -> StorageError {
        .corrupt(Corruption(path: path, reason: .index(reason)))
    }

    private func load(_ block: Int) throws(StorageError) {
        if memory.store(try verified(block), as: block) { budget.didStoreBlock() }
    }

    /// Reads a block from the file; one that is not as long as it should be does not match its checksum.
    private func verified(_ block: Int) throws(StorageError) -> [UInt8] {
        let start = body.lowerBound + block * Self.blockByteCount
        let bytes = try source.bytes(at: start, count: min(Self.blockByteCount, body.upperBound - start))
        guard XXH3.hash64(bytes, seed: seed &+ UInt64(start)) == checksums[block] else {
            throw corrupt(.blockChecksumMismatch(at: start))
        }
        return bytes
    }
}

/// A part of the body, to which accesses are limited.
struct MappedPart: Sendable {
    let map: CheckedMap
    /// Its range in the file.
    let range: Range<Int>

    var byteCount: Int { range.count }

    /// Returns the error for malformed content with a matching checksum, at an offset within the part.
    func corrupt(at offset: Int = 0) -> StorageError {
        map.corrupt(.malformed(at: range.lowerBound + offset))
    }

    /// Returns bytes at an offset within the part.
    func bytes(at offset: Int, count: Int) throws(StorageError) -> UnsafeRawBufferPointer {
        guard offset >= 0, count >= 0, offset <= range.count, count <= range.count - offset else {
            throw corrupt(at: offset)
        }
        return try map.bytes(at: range.lowerBound + offset, count: count)
    }

    /// Returns a number at an offset within the part.
    func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) throws(StorageError) -> Number {
        try bytes(at: offset, count: Number.bitWidth / 8).littleEndian(at: 0, as: type)
    }
}

extension UnsafeRawBufferPointer {
    /// Reads a number at any offset.
    func littleEndian<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}

extension Array<UInt8> {
    /// Appends the bytes of a number, the least significant first.
    mutating func append(littleEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// Replaces the bytes of a number.
    mutating func set(littleEndian number: some FixedWidthInteger, at offset: Int) {
        Swift.withUnsafeBytes(of: number.littleEndian) { bytes in
            for (index, byte) in bytes.enumerated() { self[offset + index] = byte }
        }
    }

    /// Appends zeros up to a multiple of `alignment`.
    mutating func pad(to alignment: Int) {
        while count % alignment != 0 { append(0) }
    }
}
