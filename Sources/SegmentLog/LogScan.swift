package import Disk
internal import JSON

/// Reads a log: lists its directory, then yields the records and findings of its segments in order.
///
/// Opening, checking, exporting and repairing consume it, so that they cannot disagree about what is damage. It changes
/// nothing, needs no server, and reads through a window of 1 MiB, or of one record if that is longer.
package struct LogScan {
    /// How often a server may replace the segment that is read before the scan fails; it replaces one in seconds.
    private static let attemptCountMax = 100

    let options: SegmentLog.Options
    private let disk: any Disk
    private(set) var listing: SegmentListing
    private var lastSequence: UInt64 = 0
    private var lastTime = Timestamp.earliest
    private var violations: Set<Corruption> = []

    /// Lists the log `name` in `directory`; no record is read yet.
    ///
    /// - Throws: ``StorageError/disk(_:)``.
    package init(log name: String, directory: String, on disk: any Disk) throws(StorageError) {
        try self.init(SegmentLog.Options(name: name, directory: directory), on: disk)
    }

    init(_ options: SegmentLog.Options, on disk: any Disk) throws(StorageError) {
        self.options = options
        self.disk = disk
        listing = try SegmentListing(log: options.name, directory: options.directory, on: disk)
    }

    /// The sealed segments that the manifest lists, oldest first; none if the manifest cannot be used.
    package var sealedSegments: [SegmentSummary] {
        listing.manifest?.closed.filter { $0.sealed != nil }.map(SegmentSummary.init) ?? []
    }

    /// Reads one segment.
    func segment(
        _ segment: Manifest.Segment,
        after lastTime: Timestamp = .earliest,
        isSalvaging: Bool = false
    ) throws(StorageError) -> SegmentScan {
        try SegmentScan(segment, options, after: lastTime, isSalvaging: isSalvaging, on: disk)
    }

    /// Visits every record and everything that is wrong, in order.
    ///
    /// A server may append meanwhile: then a torn tail can be the batch that it is writing. If it seals, merges or drops
    /// the segment that is read, the scan lists the directory again and continues with the segment in its place.
    /// - Throws: ``StorageError/disk(_:)``.
    package mutating func run(_ visit: (LogFinding) -> Void) throws(StorageError) {
        for _ in 1..<Self.attemptCountMax {
            do throws(StorageError) {
                return try visitSegments(visit)
            } catch {
                guard error.isMissing else { throw error }
            }
            listing = try SegmentListing(log: options.name, directory: options.directory, on: disk)
        }
        try visitSegments(visit)
    }

    private mutating func visitSegments(_ visit: (LogFinding) -> Void) throws(StorageError) {
        for violation in listing.violations { report(violation, visit) }
        // Without a usable manifest every plain segment is read as one that may have been the active one.
        let segments =
            listing.manifest?.segments.filter(listing.contains)
            ?? listing.segments(.plain).map { .active(Manifest.Active(first: $0.first, byteCount: 0)) }
        for segment in segments {
            if let last = segment.last, last <= lastSequence { continue }
            // If it is read for the second time, its records are not later than the last one seen.
            let after = segment.first <= lastSequence ? Timestamp.earliest : lastTime
            var scan = try self.segment(segment, after: after)
            while let finding = try scan.next() { see(finding, visit) }
            lastTime = max(lastTime, scan.order.lastTime)
        }
    }

    private mutating func see(_ finding: LogFinding, _ visit: (LogFinding) -> Void) {
        if case .violation(let violation) = finding { return report(violation, visit) }
        if let sequence = finding.entry?.sequence {
            guard sequence > lastSequence else { return }
            lastSequence = sequence
        }
        visit(finding)
    }

    private mutating func report(_ violation: Corruption, _ visit: (LogFinding) -> Void) {
        if violations.insert(violation).inserted { visit(.violation(violation)) }
    }
}

/// One thing found in a log.
package enum LogFinding: Sendable {
    case entry(LogEntry)
    case violation(Corruption)
    /// A line with one flipped bit: the record as it was written, and which byte is damaged.
    case flipped(LogEntry, Corruption)
    /// An append that a crash interrupted; the next open removes it. Not damage, because it was never acknowledged.
    case tornTail(TornTail)

    /// The record, as it was written.
    package var entry: LogEntry? {
        switch self {
        case .entry(let entry), .flipped(let entry, _): entry
        case .violation, .tornTail: nil
        }
    }
}
