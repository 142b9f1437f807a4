/// Makes the bytes of an archive from those of its members, in one pass.
final class ZipStream: ByteStream {
    /// Opens the content of a member, when its turn comes.
    typealias Opening = @Sendable () -> any ByteStream

    private enum Step {
        case header(Int)
        case content(Int, any ByteStream, CRC32)
        case directory
        case end
    }

    private let layout: ZipLayout
    private let contents: [Opening]
    private var step: Step
    private var checksums: [UInt32] = []
    private var byteCount: Int64 = 0

    /// - Precondition: there is one content for each member, with as many bytes as its layout says.
    init(_ layout: ZipLayout, _ contents: [Opening]) {
        precondition(layout.members.count == contents.count, "each member has its content")
        self.layout = layout
        self.contents = contents
        step = contents.isEmpty ? .directory : .header(0)
    }

    func next() throws(WeightsError) -> [UInt8]? {
        let bytes = try advance()
        byteCount += Int64(bytes?.count ?? 0)
        return bytes
    }

    private func advance() throws(WeightsError) -> [UInt8]? {
        switch step {
        case .header(let index):
            precondition(byteCount == layout.headerOffsets[index], "every member is as long as its layout says")
            step = .content(index, contents[index](), CRC32())
            return layout.members[index].localHeader
        case .content(let index, let content, var checksum):
            guard let bytes = try content.next() else { return try endMember(index, checksum.value) }
            // A copied member brings its checksum, of bytes that do not pass here.
            if layout.members[index].checksum == nil { bytes.withUnsafeBytes { checksum.add($0) } }
            step = .content(index, content, checksum)
            return bytes
        case .directory:
            precondition(byteCount == layout.directoryOffset, "every member is as long as its layout says")
            step = .end
            return layout.directory(checksums: checksums)
        case .end:
            return nil
        }
    }

    private func endMember(_ index: Int, _ checksum: UInt32) throws(WeightsError) -> [UInt8]? {
        checksums.append(checksum)
        step = index + 1 < contents.count ? .header(index + 1) : .directory
        let descriptor = layout.members[index].dataDescriptor(checksum: checksum)
        return descriptor.isEmpty ? try advance() : descriptor
    }
}
