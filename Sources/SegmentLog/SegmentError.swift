package import Disk

/// Why a log could not be opened, appended to or read.
package enum SegmentError: Error, Sendable, Hashable {
    /// A call failed while opening, reading or closing, or before a record was written: it is not in the log then.
    ///
    /// Nothing that was acknowledged is lost, and the next call may succeed.
    case disk(DiskError)

    /// The disk is full. The record is not in the log; the next append may succeed.
    case noSpace(DiskError)
    /// An earlier write or sync failed: the log takes nothing until it is opened again. Reads go on.
    ///
    /// Whether the records of the group that failed are in the log is known only after that.
    case latched(Latch)
    /// The record is longer than the log takes. Nothing was written.
    case recordTooLarge(byteCount: Int, byteCountMax: Int)
    /// The log was closed.
    case closed

    /// The segment was merged with others or dropped: what it held, if anything, stands elsewhere now.
    case retired(SegmentID)

    /// Bytes that were durable are not what was written. Nothing was repaired.
    case corrupt(Corruption)
}

extension SegmentError {
    /// Tells a full disk, which passes, from a failing one.
    static func of(_ error: DiskError) -> SegmentError {
        error.isNoSpace ? .noSpace(error) : .disk(error)
    }

    /// Runs `body`, whose only errors are those of the disk.
    package static func ofDisk<Value>(_ body: () throws(DiskError) -> Value) throws(SegmentError) -> Value {
        do { return try body() } catch { throw .of(error) }
    }
}

/// A place where a log is not what was written.
package struct Corruption: Error, Sendable, Hashable {
    package enum Reason: Error, Sendable, Hashable {
        /// A line, or the manifest, does not match its checksum.
        case checksumMismatch
        /// One bit of the byte at this offset is not what was written; what was written is known.
        case flippedBit(at: Int64)
        /// The checksum holds but the text is not of this format.
        case malformed
        /// Durable bytes that do not end in a newline.
        case missingLineEnd
        /// A line follows that belongs elsewhere; `expected` is missing or stands in the wrong place.
        case outOfOrder(expected: UInt64, found: UInt64)
        /// A file is longer or shorter than the manifest says; for the active segment `expected` is a minimum.
        case wrongByteCount(expected: Int64, found: Int64)
        /// A closed segment ends with another sequence than the manifest says.
        case wrongLastSequence(expected: UInt64, found: UInt64)
        /// A closed segment's records hold, but the file is not the one the manifest lists.
        case fileChecksumMismatch
        /// A frame of a sealed segment, at this offset of its file, cannot be restored.
        case damagedFrame(at: Int64)
        /// The table that finds the frames of a sealed segment is not the one that was written.
        case damagedSeekTable
        /// A segment has more or fewer records than the manifest says.
        case wrongRecordCount(expected: Int, found: Int)
        /// A segment's first and last record are not of the times the manifest says.
        case wrongTimes
        /// There are segments but no manifest.
        case missingManifest
        /// The manifest lists a segment that is not there.
        case missingSegment
        /// A segment with records in it that the manifest does not list.
        case unlistedSegment
        /// The manifest is of a newer format than this build reads.
        case unsupportedFormat(Int64)
    }

    package let path: String
    /// First byte of the line, counted in the lines of the segment also where they are stored compressed; or 0 where
    /// the whole file is meant.
    package let offset: Int64
    /// The record that was expected there, where that is known.
    package let sequence: UInt64?
    package let reason: Reason

    package init(path: String, offset: Int64, sequence: UInt64?, reason: Reason) {
        self.path = path
        self.offset = offset
        self.sequence = sequence
        self.reason = reason
    }
}
