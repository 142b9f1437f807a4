internal import Disk

/// A sealed segment, found and not read.
package struct SealedSegment: Sendable {
    package let summary: SegmentSummary
    /// Where its index stands, if it has one.
    package let indexPath: String
    private let reader: @Sendable () throws(SegmentError) -> SealedReader

    init(_ closed: Manifest.Closed, _ options: SegmentLog.Options, on disk: any Disk) {
        summary = SegmentSummary(closed)
        indexPath = "\(options.directory)/\(SegmentName.make(closed.id, .index))"
        reader = { () throws(SegmentError) in try SealedReader(closed, options, on: disk) }
    }

    /// Hands every record to `body`, verified and in order.
    ///
    /// - Throws: ``SegmentError/corrupt(_:)``, then some records were handed out already; ``SegmentError/disk(_:)``.
    package func forEach(_ body: (LogEntry) -> Void) throws(SegmentError) {
        var reader = try reader()
        while let entry = try reader.nextEntry() { body(entry) }
    }
}
