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
    /// Files that a crash in the middle of rolling, sealing, merging or dropping had left, now removed.
    package var removedPaths: [String] = []
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
