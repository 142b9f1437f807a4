/// Tells an append that a crash interrupted from damage to what was durable.
///
/// The first may be cut off, for nobody was told that it had succeeded; the second must never be. Recovery decides
/// by what a crash cannot do, given that every group is written behind durable bytes only and synced before the next:
///
/// - it cannot touch bytes the manifest says were durable;
/// - it cannot lose a record before the group of a line that is whole, for that line was written after their sync;
/// - it cannot change a byte. A disk writes sectors of 512 bytes; one that was not written reads as zeros, or the
///   file ends before it. So a line that is all there, but wrong, was once right.
///
/// Rejected: cutting at the first line that fails. One flipped bit would take every acknowledged record behind it.
enum SegmentRecovery {
    /// The smallest unit a disk writes, whole or not at all.
    static let sectorByteCount = 512

    /// What stands where a line does not verify.
    struct Damage: Sendable, Hashable {
        /// Where the line begins.
        var offset: Int64
        /// The record that should stand there.
        var sequence: UInt64
        /// Bytes of the segment that were durable, at least, by the manifest.
        var durableByteCount: Int64
        /// The `batch` of the last line behind it that verifies, or 0.
        var laterBatch: UInt64
        /// Whether all bytes of a line are there, or more than any line has.
        var isComplete: Bool
        /// Whether a sector in it was never written.
        var hasUnwrittenSector: Bool
    }

    /// Whether a crash in the middle of an append explains the damage, so that everything from there on may be cut.
    static func isTornTail(_ damage: Damage) -> Bool {
        damage.offset >= damage.durableByteCount
            && damage.laterBatch <= damage.sequence
            && (!damage.isComplete || damage.hasUnwrittenSector)
    }

    /// Whether `line`, which begins at `offset` of a file of `fileByteCount` bytes, has a sector that reads as zeros.
    ///
    /// As far as it belongs to the line, that is: the durable bytes before it may share its first sector.
    /// A single NUL is not enough: a flipped bit makes one of a space.
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
