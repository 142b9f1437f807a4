package import Disk

/// What opening a log found, and the little it changed.
package struct RecoveryReport: Sendable, Hashable {
    package var name: String
    package var segmentCount = 0
    package var recordCount: UInt64 = 0
    /// Bytes of all lines, after the cut.
    package var byteCount: Int64 = 0
    /// Bytes of the files that hold them.
    package var storedByteCount: Int64 = 0
    /// The end of an append that a crash interrupted, now cut off; none of it was ever acknowledged.
    package var tornTail: TornTail?
    /// Where durable bytes are not what was written, in a log that was opened all the same; nothing of it was changed.
    package var damage: [Corruption] = []
    /// Where among it records are missing, of which nothing is known: what they were, or whose.
    package var losses: [Loss] = []
    /// Files that a crash in the middle of rolling, sealing, merging or dropping had left, now removed.
    package var removedPaths: [String] = []
}

/// A place in a log where records are missing.
///
/// What stands before it may have been replaced or deleted by them; what stands behind it was written later.
package struct Loss: Sendable, Hashable {
    package let segment: SegmentID
    /// The first byte that is missing, counted in the lines of the segment; the largest number for all of the segment.
    package let offset: UInt32
    package let corruption: Corruption

    package init(segment: SegmentID, offset: UInt32 = .max, _ corruption: Corruption) {
        self.segment = segment
        self.offset = offset
        self.corruption = corruption
    }

    /// Whether a record stands before it.
    package func isBehind(_ pointer: RecordPointer) -> Bool {
        pointer.segment == segment ? pointer.offset < offset : pointer.segment < segment
    }
}

/// Bytes after the last whole record of a log.
package struct TornTail: Sendable, Hashable {
    package let path: String
    /// Where it begins, which is where the last whole record ends.
    package let offset: Int64
    package let byteCount: Int64

    package init(path: String, offset: Int64, byteCount: Int64) {
        self.path = path
        self.offset = offset
        self.byteCount = byteCount
    }
}
