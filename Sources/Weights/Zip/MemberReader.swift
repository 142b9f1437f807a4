/// Reads the content of one member of an archive and verifies it.
///
/// It gives exactly as many bytes as the directory declares, whatever the deflated stream holds. With the last of them it
/// verifies the checksum, that the stream ends there, and that it used all of the member's bytes in the file.
/// Memory: an ``Inflater`` where the member is deflated, nothing otherwise.
final class MemberReader: SequentialReader {
    private let source: any ByteSource
    private let member: ZipMember
    private let dataOffset: Int64
    private let inflater: Inflater?
    private var checksum = CRC32()
    private var position: Int64 = 0

    /// Opens a member at its first byte.
    ///
    /// - Throws: `.member` where the header before the data is not this member's; an empty member is verified here.
    init(_ member: ZipMember, of archive: ZipArchive) throws(WeightsError) {
        source = archive.source
        self.member = member
        dataOffset = try archive.dataOffset(of: member)
        inflater =
            member.isDeflated ? Inflater(source, dataOffset..<dataOffset + member.storedByteCount) : nil
        if member.byteCount == 0 { try verify() }
    }

    var remainingByteCount: Int64 { member.byteCount - position }

    func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(WeightsError) {
        precondition(Int64(buffer.count) <= remainingByteCount, "there are that many bytes")
        guard !buffer.isEmpty else { return }
        if let inflater {
            do throws(Inflater.Failure) { try inflater.fill(buffer) } catch { throw refusal(error) }
        } else {
            try source.fill(buffer, at: dataOffset + position)
        }
        checksum.add(UnsafeRawBufferPointer(buffer))
        position += Int64(buffer.count)
        if remainingByteCount == 0 { try verify() }
    }

    private func verify() throws(WeightsError) {
        do throws(Inflater.Failure) { try inflater?.finish() } catch { throw refusal(error) }
        guard checksum.value == member.checksum else {
            throw .member(member.name, .checksum(expected: member.checksum, found: checksum.value))
        }
    }

    private func refusal(_ failure: Inflater.Failure) -> WeightsError {
        switch failure {
        case .damaged(let offset): .member(member.name, .deflate(offset: offset))
        case .otherByteCount: .member(member.name, .declaredByteCount(member.byteCount))
        case .source(let error): error
        }
    }
}

extension ZipArchive {
    /// Where a member's bytes begin, behind the header that stands before them.
    ///
    /// - Throws: `.member` where that header is another's, or pushes the data into what follows.
    func dataOffset(of member: ZipMember) throws(WeightsError) -> Int64 {
        let count = ZipFormat.localHeaderByteCount + member.nameBytes.count
        let header = try source.bytes(at: member.headerOffset, count: count)
        guard header.littleEndian(at: 0) == ZipFormat.localHeader,
            Int(header.littleEndian(UInt16.self, at: 26)) == member.nameBytes.count,
            header[ZipFormat.localHeaderByteCount...].elementsEqual(member.nameBytes)
        else { throw .member(member.name, .localHeader(offset: member.headerOffset)) }
        let offset = member.headerOffset + Int64(count) + Int64(header.littleEndian(UInt16.self, at: 28))
        guard member.storedByteCount <= member.limit - offset else { throw .member(member.name, .overlap) }
        return offset
    }

    /// Returns the whole content of a small member.
    ///
    /// - Precondition: its size was compared with a limit.
    func content(of member: ZipMember) throws(WeightsError) -> [UInt8] {
        try MemberReader(member, of: self).bytes(count: Int(member.byteCount))
    }

    /// The content of a member as a source of its own.
    ///
    /// A stored member is a part of the file. A deflated one is inflated as it is read; see ``InflatedSource``.
    func source(of member: ZipMember) throws(WeightsError) -> any ByteSource {
        guard !member.isDeflated else { return try InflatedSource(member, of: self) }
        let offset = try dataOffset(of: member)
        return SubrangeSource(source: source, range: offset..<offset + member.storedByteCount)
    }
}
