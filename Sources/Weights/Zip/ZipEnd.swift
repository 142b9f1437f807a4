/// What the end of an archive says: where its directory is.
struct ZipEnd {
    let memberCount: UInt64
    let directoryByteCount: UInt64
    let directoryOffset: Int64

    /// The longest comment an archive can have.
    private static let commentByteCountMax = 0xffff

    /// Finds and reads the end records, of ZIP64 where there are such.
    ///
    /// - Throws: `.zip` where they are missing, disagree, or do not directly follow the directory.
    init(of source: any ByteSource) throws(WeightsError) {
        let tailByteCount = Int(
            min(source.byteCount, Int64(ZipFormat.endOfDirectoryByteCount + Self.commentByteCountMax))
        )
        let tailOffset = source.byteCount - Int64(tailByteCount)
        let tail = try source.bytes(at: tailOffset, count: tailByteCount)
        guard let place = Self.place(in: tail) else { throw .zip(.noEndOfDirectory) }
        let offset = tailOffset + Int64(place)
        let record = Record(tail, at: place)
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

    /// Where the end record begins in the last bytes of the file.
    ///
    /// As Python does: directly at the end when there is no comment, otherwise the last place that looks like it. The
    /// comment must then fill the rest exactly.
    private static func place(in tail: [UInt8]) -> Int? {
        let last = tail.count - ZipFormat.endOfDirectoryByteCount
        guard last >= 0 else { return nil }
        func isEnd(_ place: Int) -> Bool { tail.littleEndian(at: place) == ZipFormat.endOfDirectory }
        func commentByteCount(_ place: Int) -> UInt16 { tail.littleEndian(at: place + 20) }
        if isEnd(last), commentByteCount(last) == 0 { return last }
        guard let place = (0...last).last(where: isEnd), place + Int(commentByteCount(place)) == last else {
            return nil
        }
        return place
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

        init(_ bytes: [UInt8], at place: Int) {
            let disks: UInt32 = bytes.littleEndian(at: place + 4)
            let countHere: UInt16 = bytes.littleEndian(at: place + 8)
            count = bytes.littleEndian(at: place + 10)
            byteCount = bytes.littleEndian(at: place + 12)
            offset = bytes.littleEndian(at: place + 16)
            isOneDisk = disks == 0 && countHere == count
        }

        var end: Numbers {
            Numbers(count: UInt64(count), byteCount: UInt64(byteCount), offset: UInt64(offset))
        }

        /// Each number is either the same or says that it stands in the other record.
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
        // Python writes 1 here, some writers 0.
        guard disk == 0, diskCount <= 1 else { throw .zip(.multiDisk) }
        guard offset >= 0, locator.littleEndian(UInt64.self, at: 8) == UInt64(offset) else {
            throw .zip(.directory(offset: offset))
        }
        let bytes = try source.bytes(at: offset, count: ZipFormat.endOfDirectory64ByteCount)
        // The size that the record gives leaves out its first 12 bytes.
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
