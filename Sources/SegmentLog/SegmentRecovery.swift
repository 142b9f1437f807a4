/// Distinguishes an append that a crash interrupted from damage to durable bytes.
///
/// The first may be cut off, because it was never acknowledged; the second must never be. The decision follows from what
/// a crash cannot do, given that each batch is written after durable bytes only and synced before the next one:
///
/// - it cannot change bytes that were durable according to the manifest;
/// - it cannot lose a record before the batch of a line that verifies: that line was written after their sync;
/// - it cannot change a byte. A disk writes sectors of 512 bytes; one that was not written reads as zeros, or the
///   file ends before it. So a line that is complete, but wrong, was once right.
///
/// Rejected: cutting at the first line that fails. One flipped bit would take every acknowledged record after it.
enum SegmentRecovery {
    /// The smallest unit that a disk writes atomically.
    static let sectorByteCount = 512

    /// The facts about a place where a line does not verify.
    struct Damage: Sendable, Hashable {
        /// Where the line begins.
        var offset: Int64
        /// The record that is expected there.
        var sequence: UInt64
        /// Bytes of the segment that were durable, at least, according to the manifest.
        var durableByteCount: Int64
        /// The `batch` of the last line after it that verifies, or 0.
        var laterBatch: UInt64
        /// Whether a complete line is there, or more bytes than any line has.
        var isComplete: Bool
        /// Whether a sector in it was never written.
        var hasUnwrittenSector: Bool
    }

    /// Whether a crash during an append explains the damage, so that everything from there on may be cut off.
    static func isTornTail(_ damage: Damage) -> Bool {
        damage.offset >= damage.durableByteCount
            && damage.laterBatch <= damage.sequence
            && (!damage.isComplete || damage.hasUnwrittenSector)
    }

    /// Whether `line`, which begins at `offset` of a file of `fileByteCount` bytes, has a sector that reads as zeros.
    ///
    /// Only its bytes in the line count: the durable bytes before the line may share its first sector. A single NUL is
    /// not enough: a flipped bit changes a space into one.
    static func hasUnwrittenSector(_ line: UnsafeRawBufferPointer, at offset: Int64, fileByteCount: Int64) -> Bool {
        var start = 0
        while start < line.count {
            let sectorEnd =
                (offset + Int64(start)) / Int64(sectorByteCount) * Int64(sectorByteCount)
                + Int64(sectorByteCount)
            let end = Int(min(sectorEnd, fileByteCount) - offset)
            if end <= line.count, line[start..<end].allSatisfy({ $0 == 0 }) { return true }
            start = min(end, line.count)
        }
        // A tail of zeros to the end of the file, wherever it begins.
        return offset + Int64(line.count) == fileByteCount && line.last == 0
    }
}
