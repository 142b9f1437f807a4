internal import Disk
internal import Zstd

/// Reads frames of one file, and returns only what verifies.
struct FrameReader: Sendable {
    let file: File
    let contexts: ZstdContexts

    /// The maximum length of a frame, and of its content; those that this build writes are far shorter.
    ///
    /// The lengths come from the file: without a bound, a forged one would take all memory.
    private static let byteCountMax = 16 << 20

    /// A frame as it is stored, and its content.
    struct Frame {
        let stored: [UInt8]
        let content: [UInt8]

        /// The frame's own checksum, its last four bytes.
        var checksum: UInt32 { stored.littleEndian(at: stored.count - 4) }
    }

    /// Reads one frame; blocks for one read.
    ///
    /// - Throws: `.corrupt` unless the bytes are exactly one zstd frame of exactly that much content, and the content
    ///   has the frame's checksum.
    func frame(at offset: Int64, storedByteCount: Int, contentByteCount: Int) throws(StorageError) -> Frame {
        guard storedByteCount > 4, max(storedByteCount, contentByteCount) <= Self.byteCountMax else {
            throw file.violation(.frame, at: offset)
        }
        let stored = try file.content(at: offset, count: storedByteCount)
        var isWhole = false
        let content = [UInt8](unsafeUninitializedCapacity: contentByteCount) { buffer, initializedCount in
            isWhole = stored.withUnsafeBytes { contexts.decompress($0, into: UnsafeMutableRawBufferPointer(buffer)) }
            initializedCount = isWhole ? contentByteCount : 0
        }
        guard isWhole else { throw file.violation(.frame, at: offset) }
        return Frame(stored: stored, content: content)
    }

    /// Reads a frame that the seek table describes.
    func frame(_ entry: SeekTable.Frame, at offset: Int64) throws(StorageError) -> Frame {
        let frame = try frame(
            at: offset,
            storedByteCount: Int(entry.storedByteCount),
            contentByteCount: Int(entry.contentByteCount)
        )
        guard frame.checksum == entry.checksum else { throw file.violation(.frameChecksum, at: offset) }
        return frame
    }
}
