package import Disk
internal import JSON

/// Reads many records in ascending order, each block of the log once.
///
/// A block is a frame of a sealed segment, or bytes from a record on of a plain one; the longer a run of reads, the
/// larger the blocks. The frames at the start of a run are read through the log's cache, so that a repeated page of the
/// newest records is cheap; those of a long scan are not cached, so that they evict no other frames.
package struct RecordCursor {
    /// A range of a segment's content.
    struct Block {
        let segment: SegmentID
        /// The offset of the bytes in the content.
        let offset: Int
        let bytes: [UInt8]
    }

    private static let plainByteCountMin = 16 << 10
    private static let plainByteCountMax = 256 << 10
    private static let cachedBlockCountMax = 2

    private let log: SegmentLog
    private var block: Block?
    private var blockCount = 0

    init(_ log: SegmentLog) {
        self.log = log
    }

    /// Returns the line at `pointer`, verified, including its newline.
    ///
    /// - Throws: as ``SegmentLog/read(_:)`` does.
    package mutating func line(_ pointer: RecordPointer) throws(StorageError) -> ArraySlice<UInt8> {
        let offset = Int(pointer.offset)
        let end = offset + min(Int(pointer.byteCount), RecordLine.byteCountMax)
        if let block, block.segment == pointer.segment, offset >= block.offset, end <= block.offset + block.bytes.count
        {
            return try verified(pointer, in: block, to: end)
        }
        let doublings = min(blockCount, 4)
        let ahead = min(Self.plainByteCountMin << doublings, Self.plainByteCountMax)
        let block = try log.block(
            at: pointer,
            plainByteCount: max(end - offset, ahead),
            isCached: blockCount < Self.cachedBlockCountMax
        )
        self.block = block
        blockCount += 1
        return try verified(pointer, in: block, to: end)
    }

    private func verified(
        _ pointer: RecordPointer,
        in block: Block,
        to end: Int
    ) throws(StorageError) -> ArraySlice<UInt8> {
        let last = min(end - block.offset, block.bytes.count)
        let line = block.bytes[min(Int(pointer.offset) - block.offset, last)..<last]
        try log.verify(line, at: pointer)
        return line
    }
}
