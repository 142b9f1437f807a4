/// The layout of an archive that is to be written, computed before its first byte.
///
/// Members are stored, or copied from another archive in deflated form. A checksum that is not known in advance is
/// written after the data, so an archive is written in one pass; readers that use the directory support this. ZIP64 is
/// used only for numbers that need it. All dates are 1980-01-01, so that equal content gives equal bytes.
struct ZipLayout: Sendable {
    struct Member: Sendable {
        let nameBytes: [UInt8]
        /// Bytes of content.
        let byteCount: Int64
        /// Bytes in the archive.
        var storedByteCount: Int64
        var isDeflated = false
        var isNameUTF8 = false
        /// Nil if it is known only after the content was written.
        var checksum: UInt32?

        /// A member that is stored.
        init(_ name: String, byteCount: Int64, checksum: UInt32? = nil) {
            nameBytes = Array(name.utf8)
            self.byteCount = byteCount
            storedByteCount = byteCount
            self.checksum = checksum
        }

        /// A member that is copied from another archive.
        init(copying member: ZipMember) {
            nameBytes = member.nameBytes
            byteCount = member.byteCount
            storedByteCount = member.storedByteCount
            isDeflated = member.isDeflated
            isNameUTF8 = member.isNameUTF8
            checksum = member.checksum
        }
    }

    let members: [Member]
    let headerOffsets: [Int64]
    let directoryOffset: Int64
    /// Bytes of the whole archive.
    let byteCount: Int64

    init(_ members: [Member]) {
        self.members = members
        var headerOffsets: [Int64] = []
        var offset: Int64 = 0
        for member in members {
            headerOffsets.append(offset)
            offset += Int64(member.localHeader.count) + member.storedByteCount
            offset += Int64(member.dataDescriptor(checksum: 0).count)
        }
        self.headerOffsets = headerOffsets
        directoryOffset = offset
        var end = offset
        for (member, offset) in zip(members, headerOffsets) {
            end += Int64(member.directoryEntry(at: offset, checksum: 0).count)
        }
        byteCount = end + Int64(Self.end(of: members.count, directory: directoryOffset..<end).count)
    }

    /// Returns the directory and the end records; `checksums` has those of the members without a known checksum.
    func directory(checksums: [UInt32]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, member) in members.enumerated() {
            bytes += member.directoryEntry(at: headerOffsets[index], checksum: checksums[index])
        }
        let end = directoryOffset + Int64(bytes.count)
        return bytes + Self.end(of: members.count, directory: directoryOffset..<end)
    }

    private static func end(of count: Int, directory: Range<Int64>) -> [UInt8] {
        let byteCount = directory.upperBound - directory.lowerBound
        let is64 = count >= Int(ZipFormat.countIn64) || directory.upperBound >= Int64(ZipFormat.in64)
        var bytes: [UInt8] = []
        if is64 {
            bytes.append(littleEndian: ZipFormat.endOfDirectory64)
            bytes.append(littleEndian: UInt64(ZipFormat.endOfDirectory64ByteCount - 12))
            bytes.append(littleEndian: ZipFormat.madeBy | ZipFormat.version64)
            bytes.append(littleEndian: ZipFormat.version64)
            bytes.append(littleEndian: UInt64(0))  // both disk numbers
            bytes.append(littleEndian: UInt64(count))
            bytes.append(littleEndian: UInt64(count))
            bytes.append(littleEndian: UInt64(byteCount))
            bytes.append(littleEndian: UInt64(directory.lowerBound))
            bytes.append(littleEndian: ZipFormat.locator64)
            bytes.append(littleEndian: UInt32(0))  // disk
            bytes.append(littleEndian: UInt64(directory.upperBound))
            bytes.append(littleEndian: UInt32(1))  // disks
        }
        bytes.append(littleEndian: ZipFormat.endOfDirectory)
        bytes.append(littleEndian: UInt32(0))  // both disk numbers
        let shortCount = UInt16(min(count, Int(ZipFormat.countIn64)))
        bytes.append(littleEndian: shortCount)
        bytes.append(littleEndian: shortCount)
        bytes.append(littleEndian: UInt32(min(byteCount, Int64(ZipFormat.in64))))
        bytes.append(littleEndian: UInt32(min(directory.lowerBound, Int64(ZipFormat.in64))))
        bytes.append(littleEndian: UInt16(0))  // comment
        return bytes
    }
}
