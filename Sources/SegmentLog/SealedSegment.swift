package import Disk

/// A sealed segment, found and not read.
package struct SealedSegment: Sendable {
    package let summary: SegmentSummary
    /// Where its index stands, if it has one.
    package let indexPath: String
    private let closed: Manifest.Closed
    private let options: SegmentLog.Options
    private let disk: any Disk

    init(_ closed: Manifest.Closed, _ options: SegmentLog.Options, on disk: any Disk) {
        summary = SegmentSummary(closed)
        indexPath = "\(options.directory)/\(SegmentName.make(closed.id, .index))"
        self.closed = closed
        self.options = options
        self.disk = disk
    }

    /// Hands every record to `body`, verified and in order.
    ///
    /// - Throws: ``StorageError/corrupt(_:)``, then some records were handed out already; ``StorageError/disk(_:)``.
    package func forEach(_ body: (LogEntry) -> Void) throws(StorageError) {
        var scan = try SegmentScan(.closed(closed), options, on: disk)
        while let entry = try scan.nextEntry() { body(entry) }
    }
}
