package import Disk

/// The findings of opening a log, and its changes.
package struct RecoveryReport: Sendable, Hashable {
    package var name: String
    package var segmentCount = 0
    package var recordCount: UInt64 = 0
    /// Bytes of all lines, without the torn tail.
    package var byteCount: Int64 = 0
    /// Bytes of the files that contain them.
    package var storedByteCount: Int64 = 0
    /// The end of an append that a crash interrupted, now cut off; none of it was ever acknowledged.
    package var tornTail: TornTail?
    /// Damage of a log that was opened in spite of it; nothing of it was changed.
    package var damage: [Corruption] = []
    /// The damage in which records are lost; the documents that they belonged to are unknown.
    package var losses: [Loss] = []
    /// Files of interrupted rolls, seals, merges or drops, which were removed.
    package var removedPaths: [String] = []
}

/// A place in a log where records are missing.
///
/// They may have replaced or deleted documents before it; records after it were written later.
package struct Loss: Sendable, Hashable {
    package let segment: SegmentID
    /// The first missing byte, counted in the lines of the segment; the maximum for the whole segment.
    package let offset: UInt32
    package let corruption: Corruption

    package init(segment: SegmentID, offset: UInt32 = .max, _ corruption: Corruption) {
        self.segment = segment
        self.offset = offset
        self.corruption = corruption
    }

    /// Whether a record is before the loss.
    package func isAfter(_ pointer: RecordPointer) -> Bool {
        pointer.segment == segment ? pointer.offset < offset : pointer.segment < segment
    }
}

/// Bytes after the last complete record of a log.
package struct TornTail: Sendable, Hashable {
    package let path: String
    /// Where it begins, which is where the last complete record ends.
    package let offset: Int64
    package let byteCount: Int64

    package init(path: String, offset: Int64, byteCount: Int64) {
        self.path = path
        self.offset = offset
        self.byteCount = byteCount
    }
}
