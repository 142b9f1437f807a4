/// Reads and verifies the content of one member of an archive.
///
/// It returns exactly as many bytes as the directory declares. With the last one it verifies the checksum, that the
/// deflated stream ends, and that the stream used all of the member's bytes in the file.
/// Memory: an ``Inflater`` if the member is deflated.
final class MemberReader: SequentialReader {
    private let source: any ByteSource
    private let member: ZipMember
    private let dataOffset: Int64
    private let inflater: Inflater?
    private var checksum = CRC32()
    private var position: Int64 = 0

    /// Opens a member at its first byte.
    ///
    /// - Throws: `.member` if the local header does not match the directory; an empty member is verified here.
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
        precondition(Int64(buffer.count) <= remainingByteCount, "the read ends inside the member")
        guard !buffer.isEmpty else { return }
        if let inflater {
            do throws(Inflater.Failure) { try inflater.fill(buffer) } catch { throw weightsError(error) }
        } else {
            try source.fill(buffer, at: dataOffset + position)
        }
        checksum.add(UnsafeRawBufferPointer(buffer))
        position += Int64(buffer.count)
        if remainingByteCount == 0 { try verify() }
    }

    private func verify() throws(WeightsError) {
        do throws(Inflater.Failure) { try inflater?.finish() } catch { throw weightsError(error) }
        guard checksum.value == member.checksum else {
            throw .member(member.name, .checksum(expected: member.checksum, found: checksum.value))
        }
    }

    private func weightsError(_ failure: Inflater.Failure) -> WeightsError {
        switch failure {
        case .damaged(let offset): .member(member.name, .deflate(offset: offset))
        case .otherByteCount: .member(member.name, .declaredByteCount(member.byteCount))
        case .source(let error): error
        }
    }
}

extension ZipArchive {
    /// Returns the offset of a member's data, after its local header.
    ///
    /// - Throws: `.member` if the local header does not match the directory, or the data would overlap what follows.
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
    /// - Precondition: the caller checked the member's size.
    func content(of member: ZipMember) throws(WeightsError) -> [UInt8] {
        try MemberReader(member, of: self).bytes(count: Int(member.byteCount))
    }

    /// Returns the content of a member as a source.
    ///
    /// A stored member is a range of the file. A deflated member is inflated while it is read; see ``InflatedSource``.
    func source(of member: ZipMember) throws(WeightsError) -> any ByteSource {
        guard !member.isDeflated else { return try InflatedSource(member, of: self) }
        let offset = try dataOffset(of: member)
        return SubrangeSource(source: source, range: offset..<offset + member.storedByteCount)
    }
}
