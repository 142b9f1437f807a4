internal import Disk
internal import JSON
internal import Zstd

/// The open file of a sealed segment: frames of whole lines, found by their offset in the content.
///
/// Shape: zstd frames one after the other, then a ``SeekTable``; `zstdcat` prints the lines. The manifest contains the
/// checksum of the table, and the table the length and checksum of each frame, so a damaged frame is never returned. It
/// uses 12 bytes of memory for each frame. Source: docs/FORMAT.md, "Sealed segments".
final class SealedFile: Sendable {
    /// The number of bytes of lines after which a frame ends.
    ///
    /// Reading a single record decompresses a frame, so smaller frames are faster; larger ones need less space.
    /// Measured on telemetry, for 4, 8, 16, 32 and 64 KiB of lines: 0.20, 0.18, 0.16, 0.15 and 0.14 of the lines'
    /// bytes, and 4, 6, 10, 17 and 31 µs. With this value, records and index together need less than a quarter of the
    /// documents' bytes.
    static let frameByteCount = 8 << 10

    let path: String
    private let file: File
    private let contexts: ZstdContexts
    /// The offset of each frame in the content, and the end of the last one; then the same in the file.
    private let contentOffsets: [UInt32]
    private let storedOffsets: [UInt32]
    private let checksums: [UInt32]

    /// Opens the file that `closed` describes and reads its table.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` if the table or the length does not match the manifest;
    ///   ``StorageError/disk(_:)``.
    /// - Precondition: The segment is sealed.
    init(
        _ closed: Manifest.Closed,
        directory: String,
        _ contexts: ZstdContexts,
        on disk: any Disk
    ) throws(StorageError) {
        guard let sealed = closed.sealed else { preconditionFailure("the segment is sealed") }
        let path = "\(directory)/\(SegmentName.make(closed.id, .sealed))"
        let tableByteCount = SeekTable.byteCount(frameCount: sealed.frameCount)
        let file = try File(path, .read, on: disk)
        let byteCount = try file.byteCount
        func corrupt(_ reason: Corruption.Reason) -> StorageError {
            .corrupt(Corruption(path: path, reason: reason))
        }
        guard byteCount == sealed.storedByteCount else {
            throw corrupt(.wrongByteCount(expected: sealed.storedByteCount, found: byteCount))
        }
        let tableStart = byteCount - Int64(tableByteCount)
        guard tableStart >= 0 else { throw corrupt(.damagedSeekTable) }
        let table = try file.bytes(at: tableStart, count: tableByteCount)
        guard let frames = SeekTable(parsing: table), XXH3.hash64(frames.entryBytes) == sealed.tableChecksum else {
            throw corrupt(.damagedSeekTable)
        }
        guard frames.frames.allSatisfy({ $0.contentByteCount <= Self.contentByteCountMax }),
            let content = Self.offsets(frames.frames.map(\.contentByteCount), to: closed.byteCount),
            let stored = Self.offsets(frames.frames.map(\.storedByteCount), to: tableStart)
        else { throw corrupt(.damagedSeekTable) }
        self.path = path
        self.file = file
        self.contexts = contexts
        contentOffsets = content
        storedOffsets = stored
        checksums = frames.frames.map(\.checksum)
    }

    /// Opens a file whose table and length are not trusted, and finds its frames one after the other.
    ///
    /// It has the frames before the first place without a frame.
    /// - Throws: ``StorageError/disk(_:)`` if it cannot be read.
    init(walking id: SegmentID, directory: String, _ contexts: ZstdContexts, on disk: any Disk) throws(StorageError) {
        let path = "\(directory)/\(SegmentName.make(id, .sealed))"
        let file = try File(path, .read, on: disk)
        let end = try file.byteCount
        var content: [UInt32] = [0]
        var stored: [UInt32] = [0]
        var sums: [UInt32] = []
        var windowByteCount = Self.walkByteCount
        while let start = stored.last.map(Int64.init), start < end {
            let bytes = try file.bytes(at: start, count: Int(min(Int64(windowByteCount), end - start)))
            guard let extent = bytes.withUnsafeBytes(FrameExtent.init) else {
                // The frame may be longer than the window, but no longer than a record and another frame.
                guard start + Int64(bytes.count) < end, windowByteCount < Self.contentByteCountMax else { break }
                windowByteCount *= 2
                continue
            }
            windowByteCount = Self.walkByteCount
            guard let contentEnd = UInt32(exactly: Int(content[content.count - 1]) + extent.contentByteCount),
                let storedEnd = UInt32(exactly: start + Int64(extent.storedByteCount)), extent.storedByteCount > 4,
                extent.contentByteCount <= Self.contentByteCountMax
            else { break }
            content.append(contentEnd)
            stored.append(storedEnd)
            sums.append(bytes.littleEndian(at: extent.storedByteCount - 4))
        }
        self.path = path
        self.file = file
        self.contexts = contexts
        contentOffsets = content
        storedOffsets = stored
        checksums = sums
    }

    private static let walkByteCount = 64 << 10
    /// The maximum length of a frame's content: a line more than ``frameByteCount``, with a margin.
    private static let contentByteCountMax = 2 * RecordLine.byteCountMax

    /// Returns the start of each of these lengths, and the end of the last one; nil if that is not `end`.
    private static func offsets(_ byteCounts: [UInt32], to end: Int64) -> [UInt32]? {
        var offsets: [UInt32] = [0]
        offsets.reserveCapacity(byteCounts.count + 1)
        for byteCount in byteCounts {
            let (offset, isTooLarge) = offsets[offsets.count - 1].addingReportingOverflow(byteCount)
            guard !isTooLarge else { return nil }
            offsets.append(offset)
        }
        return offsets.last.map(Int64.init) == end ? offsets : nil
    }

    var frameCount: Int { checksums.count }

    /// The number of bytes of all lines.
    var contentByteCount: Int64 { Int64(contentOffsets[frameCount]) }

    /// Whether the file ends with the table of these frames.
    var endsWithTable: Bool {
        get throws(StorageError) {
            let table = table.bytes
            return try file.bytes(at: Int64(storedOffsets[frameCount]), count: table.count + 1) == table
        }
    }

    /// The table of these frames.
    var table: SeekTable {
        SeekTable(
            frames: checksums.indices.map { index in
                SeekTable.Frame(
                    storedByteCount: storedOffsets[index + 1] - storedOffsets[index],
                    contentByteCount: contentOffsets[index + 1] - contentOffsets[index],
                    checksum: checksums[index]
                )
            }
        )
    }

    /// Returns the offset of a frame in the content.
    func offset(ofFrame index: Int) -> Int { Int(contentOffsets[index]) }

    /// Returns the frame that contains the byte of the content at `offset`; nil past the end.
    func frame(at offset: Int) -> Int? {
        guard offset < Int(contentOffsets[frameCount]) else { return nil }
        var low = 0
        var high = frameCount - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if Int(contentOffsets[middle]) <= offset { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// Returns the lines of a frame; blocks for one read and its decompression.
    ///
    /// Callers that verify each line need no checksum over the frame, which saves a tenth of the time.
    /// - Throws: ``StorageError/corrupt(_:)`` if it is damaged; ``StorageError/disk(_:)``.
    func content(ofFrame index: Int, verifying: Bool) throws(StorageError) -> [UInt8] {
        let start = Int64(storedOffsets[index])
        let stored = try file.bytes(at: start, count: Int(storedOffsets[index + 1]) - Int(start))
        let byteCount = Int(contentOffsets[index + 1]) - Int(contentOffsets[index])
        var isWhole = stored.count > 4 && stored.littleEndian(at: stored.count - 4) == checksums[index]
        let content = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            isWhole =
                isWhole
                && stored.withUnsafeBytes {
                    contexts.decompress($0, into: UnsafeMutableRawBufferPointer(buffer), verifying: verifying)
                }
            count = isWhole ? byteCount : 0
        }
        guard isWhole else {
            throw .corrupt(
                Corruption(
                    path: path,
                    offset: Int64(contentOffsets[index]),
                    sequence: nil,
                    reason: .damagedFrame(at: start)
                )
            )
        }
        return content
    }
}
