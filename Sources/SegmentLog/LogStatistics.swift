package import Disk

/// The contents of a log, and whether it accepts writes, at one moment.
package struct LogStatistics: Sendable, Hashable {
    package var segmentCount = 0
    /// The number of bytes of all durable lines.
    package var byteCount: Int64 = 0
    /// The number of bytes of the files that contain them, without indexes.
    package var storedByteCount: Int64 = 0
    package var recordCount: UInt64 = 0
    /// The sequence of the newest durable record; 0 in an empty log.
    package var lastSequence: UInt64 = 0
    /// The number of group commits since the log was opened.
    package var commitCount: UInt64 = 0
    /// The failure of the last group commit if it found no space; nil after the next successful one.
    package var noSpace: DiskError?
    /// The failure after which the log accepts no writes until it is opened again.
    package var latch: Latch?
}
