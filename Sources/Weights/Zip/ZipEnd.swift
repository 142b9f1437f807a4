/// The end-of-directory records of an archive, which locate its directory.
struct ZipEnd {
    let memberCount: UInt64
    let directoryByteCount: UInt64
    let directoryOffset: Int64

    /// The length of the longest possible comment.
    private static let commentByteCountMax = 0xffff

    /// Finds and reads the end record and, if present, the ZIP64 end record.
    ///
    /// - Throws: `.zip` if a record is missing, the records disagree, or they do not directly follow the directory.
    init(of source: any ByteSource) throws(WeightsError) {
        let tailByteCount = Int(
            min(source.byteCount, Int64(ZipFormat.endOfDirectoryByteCount + Self.commentByteCountMax))
        )
        let tailOffset = source.byteCount - Int64(tailByteCount)
        let tail = try source.bytes(at: tailOffset, count: tailByteCount)
        guard let position = Self.position(in: tail) else { throw .zip(.noEndOfDirectory) }
        let offset = tailOffset + Int64(position)
        let record = Record(tail, at: position)
        let locatorOffset = offset - Int64(ZipFormat.locator64ByteCount)
        var end = record.end
        var directoryEnd = offset
        if locatorOffset >= 0 {
            let locator = try source.bytes(at: locatorOffset, count: ZipFormat.locator64ByteCount)
            if locator.littleEndian(at: 0) == ZipFormat.locator64 {
                directoryEnd = locatorOffset - Int64(ZipFormat.endOfDirectory64ByteCount)
                end = try Self.read64(locator, expectedAt: directoryEnd, source, agreeingWith: record)
            }
        }
        guard record.isOneDisk else { throw .zip(.multiDisk) }
        guard end.offset <= UInt64(directoryEnd), UInt64(directoryEnd) - end.offset == end.byteCount else {
            throw .zip(.misplacedDirectory)
        }
        memberCount = end.count
        directoryByteCount = end.byteCount
        directoryOffset = Int64(end.offset)
    }

    /// Returns the position of the end record in the last bytes of the file.
    ///
    /// As in Python: at the end if there is no comment, otherwise at the last occurrence of its magic number. The
    /// comment must then fill the rest exactly.
    private static func position(in tail: [UInt8]) -> Int? {
        let last = tail.count - ZipFormat.endOfDirectoryByteCount
        guard last >= 0 else { return nil }
        func isEnd(_ position: Int) -> Bool { tail.littleEndian(at: position) == ZipFormat.endOfDirectory }
        func commentByteCount(_ position: Int) -> UInt16 { tail.littleEndian(at: position + 20) }
        if isEnd(last), commentByteCount(last) == 0 { return last }
        guard let position = (0...last).last(where: isEnd), position + Int(commentByteCount(position)) == last else {
            return nil
        }
        return position
    }

    private struct Numbers {
        let count: UInt64
        let byteCount: UInt64
        let offset: UInt64
    }

    /// The record of the original format.
    private struct Record {
        let isOneDisk: Bool
        let count: UInt16
        let byteCount: UInt32
        let offset: UInt32

        init(_ bytes: [UInt8], at position: Int) {
            let disks: UInt32 = bytes.littleEndian(at: position + 4)
            let countHere: UInt16 = bytes.littleEndian(at: position + 8)
            count = bytes.littleEndian(at: position + 10)
            byteCount = bytes.littleEndian(at: position + 12)
            offset = bytes.littleEndian(at: position + 16)
            isOneDisk = disks == 0 && countHere == count
        }

        var end: Numbers {
            Numbers(count: UInt64(count), byteCount: UInt64(byteCount), offset: UInt64(offset))
        }

        /// Whether each number is the same as in the ZIP64 record or refers to that record.
        func agrees(with end: Numbers) -> Bool {
            (count == ZipFormat.countIn64 || UInt64(count) == end.count)
                && (byteCount == ZipFormat.in64 || UInt64(byteCount) == end.byteCount)
                && (offset == ZipFormat.in64 || UInt64(offset) == end.offset)
        }
    }

    private static func read64(
        _ locator: [UInt8],
        expectedAt offset: Int64,
        _ source: any ByteSource,
        agreeingWith record: Record
    ) throws(WeightsError) -> Numbers {
        let disk: UInt32 = locator.littleEndian(at: 4)
        let diskCount: UInt32 = locator.littleEndian(at: 16)
        // Python writes 1; some writers write 0.
        guard disk == 0, diskCount <= 1 else { throw .zip(.multiDisk) }
        guard offset >= 0, locator.littleEndian(UInt64.self, at: 8) == UInt64(offset) else {
            throw .zip(.directory(offset: offset))
        }
        let bytes = try source.bytes(at: offset, count: ZipFormat.endOfDirectory64ByteCount)
        // The record's size field does not count its first 12 bytes.
        guard bytes.littleEndian(at: 0) == ZipFormat.endOfDirectory64,
            bytes.littleEndian(UInt64.self, at: 4) == UInt64(ZipFormat.endOfDirectory64ByteCount - 12)
        else { throw .zip(.directory(offset: offset)) }
        let end = Numbers(
            count: bytes.littleEndian(at: 32),
            byteCount: bytes.littleEndian(at: 40),
            offset: bytes.littleEndian(at: 48)
        )
        guard bytes.littleEndian(UInt64.self, at: 16) == 0, bytes.littleEndian(at: 24) == end.count else {
            throw .zip(.multiDisk)
        }
        guard record.agrees(with: end) else { throw .zip(.directory(offset: offset)) }
        return end
    }
}
