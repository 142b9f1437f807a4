/// The table of a file's frames in zstd's seekable format.
///
/// Shape, all numbers little-endian:
///
///     5E 2A 4D 18  size:4                       a skippable frame, which decoders ignore
///     { stored:4 content:4 checksum:4 } × n     one entry per preceding frame, including skippable ones
///     n:4  80  B1 EA 92 8F                      80 = entries have checksums
///
/// `checksum` is the ``FrameChecksum`` of the frame's content; a skippable frame has no content. The table has no
/// checksum: the writer of a file stores a checksum of ``entryBytes`` elsewhere.
/// Source: github.com/facebook/zstd, contrib/seekable_format/zstd_seekable_compression_format.md.
package struct SeekTable: Sendable, Hashable {
    /// One frame of the file.
    package struct Frame: Sendable, Hashable {
        package var storedByteCount: UInt32
        package var contentByteCount: UInt32
        package var checksum: UInt32

        package init(storedByteCount: UInt32, contentByteCount: UInt32, checksum: UInt32) {
            self.storedByteCount = storedByteCount
            self.contentByteCount = contentByteCount
            self.checksum = checksum
        }

        static let byteCount = 12
    }

    package var frames: [Frame]

    package init(frames: [Frame]) {
        self.frames = frames
    }

    package static let headerByteCount = 8
    package static let footerByteCount = 9
    private static let skippableMagic: UInt32 = 0x184D_2A5E
    private static let seekableMagic: UInt32 = 0x8F92_EAB1
    private static let descriptor: UInt8 = 0x80

    /// Returns the size of a table with `frameCount` entries.
    package static func byteCount(frameCount: Int) -> Int {
        headerByteCount + frameCount * Frame.byteCount + footerByteCount
    }

    /// The whole table, as it is stored at the end of a file.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount(frameCount: frames.count))
        bytes.append(littleEndian: Self.skippableMagic)
        bytes.append(littleEndian: UInt32(Self.byteCount(frameCount: frames.count) - Self.headerByteCount))
        bytes += entryBytes
        bytes.append(littleEndian: UInt32(frames.count))
        bytes.append(Self.descriptor)
        bytes.append(littleEndian: Self.seekableMagic)
        return bytes
    }

    /// The entries without header and footer.
    package var entryBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(frames.count * Frame.byteCount)
        for frame in frames {
            bytes.append(littleEndian: frame.storedByteCount)
            bytes.append(littleEndian: frame.contentByteCount)
            bytes.append(littleEndian: frame.checksum)
        }
        return bytes
    }

    /// Returns the number of entries from the last nine bytes of a file; nil if they are not the footer of such a
    /// table.
    package static func frameCount(footer: [UInt8]) -> Int? {
        guard footer.count == footerByteCount, footer[4] == descriptor, footer.littleEndian(at: 5) == seekableMagic
        else { return nil }
        return Int(footer.littleEndian(at: 0))
    }

    /// Parses exactly one table in the shape of ``bytes``; nil for any other bytes.
    package init?(parsing bytes: [UInt8]) {
        guard bytes.count >= Self.headerByteCount + Self.footerByteCount,
            let frameCount = Self.frameCount(footer: Array(bytes.suffix(Self.footerByteCount))),
            bytes.count == Self.byteCount(frameCount: frameCount),
            bytes.littleEndian(at: 0) == Self.skippableMagic,
            Int(bytes.littleEndian(at: 4)) == bytes.count - Self.headerByteCount
        else { return nil }
        frames = (0..<frameCount).map { index in
            let offset = Self.headerByteCount + index * Frame.byteCount
            return Frame(
                storedByteCount: bytes.littleEndian(at: offset),
                contentByteCount: bytes.littleEndian(at: offset + 4),
                checksum: bytes.littleEndian(at: offset + 8)
            )
        }
    }
}

/// Little-endian numbers of 32 bits.
extension [UInt8] {
    /// Appends the four bytes of a number.
    package mutating func append(littleEndian number: UInt32) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// Returns the number at `offset`.
    ///
    /// - Precondition: the number is inside the array.
    package func littleEndian(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset + 4 <= count, "the number is inside the array")
        return withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }
}
