package import Disk

/// What a log holds and whether it takes more, at one moment.
package struct LogStatistics: Sendable, Hashable {
    package var segmentCount = 0
    /// Bytes of all durable lines.
    package var byteCount: Int64 = 0
    /// Bytes of the files that hold them, without indexes.
    package var storedByteCount: Int64 = 0
    package var recordCount: UInt64 = 0
    /// Sequence of the newest durable record; 0 in an empty log.
    package var lastSequence: UInt64 = 0
    /// Group commits since the log was opened.
    package var commitCount: UInt64 = 0
    /// Why the last group commit found no space; nil again after the next one that did.
    package var noSpace: DiskError?
    /// The failure after which the log takes nothing until it is opened again.
    package var latch: Latch?
}
