/// The directory of an archive: which members it has, and where.
///
/// The directory at the end is the truth. Of the header before a member's data only its length is used, because the
/// official client writes no sizes there. What readers understand differently is refused: something before or after
/// the archive, a name twice, members that overlap.
struct ZipArchive: Sendable {
    let source: any ByteSource
    /// In the order of the directory.
    let members: [ZipMember]

    /// Reads the directory; nothing of the members themselves is read.
    ///
    /// - Throws: `.zip` or `.member` where the directory is not one that is taken.
    init(_ source: any ByteSource, limits: ModelLimits) throws(WeightsError) {
        let end = try ZipEnd(of: source)
        guard end.memberCount <= UInt64(limits.memberCountMax) else {
            throw .zip(.tooManyMembers(count: end.memberCount, countMax: limits.memberCountMax))
        }
        guard end.directoryByteCount <= UInt64(limits.directoryByteCountMax) else {
            throw .zip(
                .directoryTooLarge(byteCount: end.directoryByteCount, byteCountMax: limits.directoryByteCountMax)
            )
        }
        let bytes = try source.bytes(at: end.directoryOffset, count: Int(end.directoryByteCount))
        var directory = ZipDirectory(bytes, at: end.directoryOffset, limits: limits)
        var members: [ZipMember] = []
        members.reserveCapacity(Int(end.memberCount))
        for _ in 0..<end.memberCount { members.append(try directory.next()) }
        try directory.expectEnd()
        self.source = source
        self.members = try Self.withLimits(members, directoryOffset: end.directoryOffset)
    }

    /// Whether the bytes begin as an archive does; the client looks for it at the very start, too.
    static func begins(_ source: any ByteSource) throws(WeightsError) -> Bool {
        guard source.byteCount >= ZipFormat.endOfDirectoryByteCount else { return false }
        let magic: UInt32 = try source.bytes(at: 0, count: 4).littleEndian(at: 0)
        return magic == ZipFormat.localHeader || magic == ZipFormat.endOfDirectory
    }

    /// The member of that name, where there is one.
    func member(named name: String) -> ZipMember? {
        members.first { $0.name == name }
    }

    /// Notes for each member where the next thing in the file begins, and refuses those that cannot end before it.
    private static func withLimits(
        _ members: [ZipMember],
        directoryOffset: Int64
    ) throws(WeightsError) -> [ZipMember] {
        var members = members
        var limit = directoryOffset
        for index in members.indices.sorted(by: { members[$0].headerOffset > members[$1].headerOffset }) {
            let member = members[index]
            let headerByteCount = Int64(ZipFormat.localHeaderByteCount + member.nameBytes.count)
            guard member.headerOffset <= limit, limit - member.headerOffset >= headerByteCount,
                limit - member.headerOffset - headerByteCount >= member.storedByteCount
            else { throw .member(member.name, .overlap) }
            members[index].limit = limit
            limit = member.headerOffset
        }
        return members
    }
}

/// One member, as the directory describes it.
struct ZipMember: Sendable {
    let nameBytes: [UInt8]
    /// Whether the name is UTF-8; otherwise it is in the writer's own encoding.
    let isNameUTF8: Bool
    let isDeflated: Bool
    let checksum: UInt32
    /// Bytes in the file.
    let storedByteCount: Int64
    /// Bytes of content.
    let byteCount: Int64
    let headerOffset: Int64
    /// Where the next member or the directory begins: the data ends before it.
    var limit: Int64

    /// For comparison with ASCII names, and for messages; not always what was written.
    var name: String { String(decoding: nameBytes, as: UTF8.self) }
}
