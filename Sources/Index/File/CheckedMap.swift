internal import Disk
internal import JSON
internal import Synchronization

/// The memory-mapped body of an index file; each block is verified at its first access.
///
/// So opening takes constant time, and a query verifies each block it accesses once. One bit for each block records
/// that it was verified; the page cache may evict a page and read it again later. Every offset is valid as an argument:
/// one outside of the body throws, so malformed files cannot cause out-of-bounds reads. Source: docs/FORMAT.md, "Index
/// files".
final class CheckedMap: @unchecked Sendable {
    /// The length of a block with one checksum: a page, so that verifying a block reads no additional page.
    static let blockByteCount = 4096

    let path: String
    private let mapped: MappedBytes
    /// The blocks, from the end of the header to the table of their checksums.
    private let body: Range<Int>
    private let seed: UInt64
    private let verifiedWords: UnsafeMutablePointer<Atomic<UInt64>>
    private let verifiedWordCount: Int

    /// Wraps a file whose table, which follows `body`, was verified.
    ///
    /// - Precondition: the table is in the file, and has 8 bytes for each block of `body`.
    init(_ mapped: MappedBytes, path: String, body: Range<Int>, seed: UInt64) {
        self.mapped = mapped
        self.path = path
        self.body = body
        self.seed = seed
        verifiedWordCount = Self.blockCount(of: body.count) / 64 + 1
        verifiedWords = .allocate(capacity: verifiedWordCount)
        for word in 0..<verifiedWordCount { (verifiedWords + word).initialize(to: Atomic(0)) }
    }

    deinit {
        verifiedWords.deinitialize(count: verifiedWordCount)
        verifiedWords.deallocate()
    }

    static func blockCount(of byteCount: Int) -> Int {
        (byteCount + blockByteCount - 1) / blockByteCount
    }

    /// Returns the bytes at an offset of the file; valid as long as this object exists.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` if a block of them is damaged, or if they are not within the body.
    func bytes(at offset: Int, count: Int) throws(StorageError) -> UnsafeRawBufferPointer {
        guard count >= 0, offset >= body.lowerBound, offset <= body.upperBound, count <= body.upperBound - offset else {
            throw corrupt(.malformed(at: offset))
        }
        guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let first = (offset - body.lowerBound) / Self.blockByteCount
        let last = (offset - body.lowerBound + count - 1) / Self.blockByteCount
        for block in first...last where !isVerified(block) { try verify(block) }
        return UnsafeRawBufferPointer(rebasing: mapped.bytes[offset..<offset + count])
    }

    /// Verifies the whole body.
    func verify() throws(StorageError) {
        _ = try bytes(at: body.lowerBound, count: body.count)
    }

    func corrupt(_ reason: Corruption.Index) -> StorageError {
        .corrupt(Corruption(path: path, reason: .index(reason)))
    }

    private func isVerified(_ block: Int) -> Bool {
        verifiedWords[block / 64].load(ordering: .relaxed) & (1 << UInt64(block % 64)) != 0
    }

    private func verify(_ block: Int) throws(StorageError) {
        let start = body.lowerBound + block * Self.blockByteCount
        let end = min(start + Self.blockByteCount, body.upperBound)
        let found = XXH3.hash64(
            UnsafeRawBufferPointer(rebasing: mapped.bytes[start..<end]),
            seed: seed &+ UInt64(start)
        )
        guard found == mapped.bytes.littleEndian(at: body.upperBound + block * 8, as: UInt64.self) else {
            throw corrupt(.blockChecksumMismatch(at: start))
        }
        verifiedWords[block / 64].bitwiseOr(1 << UInt64(block % 64), ordering: .relaxed)
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
