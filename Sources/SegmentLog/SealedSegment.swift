package import Disk

/// A sealed segment that was found but not read yet.
package struct SealedSegment: Sendable {
    package let summary: SegmentSummary
    /// The path of its index, if it has one.
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

    /// Passes every record to `body`, verified and in order.
    ///
    /// - Throws: ``StorageError/corrupt(_:)``, then some records were already passed; ``StorageError/disk(_:)``.
    package func forEach(_ body: (LogEntry) -> Void) throws(StorageError) {
        var scan = try SegmentScan(.closed(closed), options, on: disk)
        while let entry = try scan.nextEntry() { body(entry) }
    }
}
