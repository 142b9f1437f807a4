/// Writes an archive in one pass from the streams of its members.
final class ZipStream: ByteStream {
    /// Opens the content of a member.
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

    /// - Precondition: there is one content for each member, with the length in the layout.
    init(_ layout: ZipLayout, _ contents: [Opening]) {
        precondition(layout.members.count == contents.count, "each member has a content")
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
            precondition(byteCount == layout.headerOffsets[index], "every member has the length in the layout")
            step = .content(index, contents[index](), CRC32())
            return layout.members[index].localHeader
        case .content(let index, let content, var checksum):
            guard let bytes = try content.next() else { return try endMember(index, checksum.value) }
            // The checksum of a copied member is that of its inflated bytes, which are not computed here.
            if layout.members[index].checksum == nil { bytes.withUnsafeBytes { checksum.add($0) } }
            step = .content(index, content, checksum)
            return bytes
        case .directory:
            precondition(byteCount == layout.directoryOffset, "every member has the length in the layout")
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
