/// An open ZIP archive: its members and their locations.
///
/// The directory at the end is authoritative. Of a member's local header only the length is used, because the official
/// client writes no sizes there. Archives that ZIP readers interpret differently are rejected: bytes before or after
/// the archive, duplicate names, overlapping members.
struct ZipArchive: Sendable {
    let source: any ByteSource
    /// In the order of the directory.
    let members: [ZipMember]

    /// Reads the directory, but not the members.
    ///
    /// - Throws: `.zip` or `.member` if the directory is malformed or unsupported.
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

    /// Whether the source begins with the magic number of an archive, at offset 0 as for the client.
    static func begins(_ source: any ByteSource) throws(WeightsError) -> Bool {
        guard source.byteCount >= ZipFormat.endOfDirectoryByteCount else { return false }
        let magic: UInt32 = try source.bytes(at: 0, count: 4).littleEndian(at: 0)
        return magic == ZipFormat.localHeader || magic == ZipFormat.endOfDirectory
    }

    /// Returns the member with that name; nil if there is none.
    func member(named name: String) -> ZipMember? {
        members.first { $0.name == name }
    }

    /// Sets the `limit` of each member and rejects members that overlap what follows.
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
    /// Whether the name is UTF-8; otherwise its encoding is unknown.
    let isNameUTF8: Bool
    let isDeflated: Bool
    let checksum: UInt32
    /// Bytes in the file.
    let storedByteCount: Int64
    /// Bytes of content.
    let byteCount: Int64
    let headerOffset: Int64
    /// The offset of the next member or of the directory, at which this member's data ends at the latest.
    var limit: Int64

    /// The name for messages and for comparison with ASCII names; other encodings are not decoded correctly.
    var name: String { String(decoding: nameBytes, as: UTF8.self) }
}
