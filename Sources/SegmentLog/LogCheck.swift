package import Disk
internal import JSON

/// Reads a log without a server and without changing anything, and yields all that is there and all that is wrong.
package enum LogCheck {
    /// Visits every record and every violation of the log `name` in `directory`, in order.
    ///
    /// It reads through a window of 1 MiB, or of one record where that is longer. A server may go on appending; then
    /// a torn tail may be the group it is writing.
    /// - Throws: ``SegmentError/disk(_:)`` where a file cannot be read.
    package static func run(
        log name: String,
        directory: String,
        on disk: any Disk,
        visit: (LogFinding) -> Void
    ) throws(SegmentError) {
        try SegmentError.ofDisk { () throws(DiskError) in
            let inventory = try LogInventory(log: name, directory: directory, on: disk)
            for violation in inventory.violations { visit(.violation(violation)) }
            // Without a manifest that can be used every segment is read as one that may have been the active one.
            let segments =
                inventory.manifest?.segments
                ?? inventory.segments.map { .active(Manifest.Active(first: $0, byteCount: 0)) }
            var lastTime = Timestamp.earliest
            for segment in segments where inventory.segments.contains(segment.first) {
                var reader = try SegmentReader(segment, log: name, directory: directory, after: lastTime, on: disk)
                while let finding = try reader.next() { visit(finding) }
                lastTime = reader.lastTime
            }
        }
    }
}

/// One thing found in a log.
package enum LogFinding: Sendable {
    case entry(LogEntry)
    case violation(Corruption)
    /// What the next open will cut off and report; no violation, for none of it was ever acknowledged.
    case tornTail(TornTail)
}
