package import Disk
internal import JSON

/// Reads a log without a server and without changing anything, and yields all that is there and all that is wrong.
package enum LogCheck {
    /// How often a segment may go away under a check before that gives up: a server rewrites one in seconds.
    private static let attemptCountMax = 100

    /// Visits every record and every violation of the log `name` in `directory`, in order.
    ///
    /// It reads through a window of 1 MiB, or of one record where that is longer. A server may go on appending; then
    /// a torn tail may be the group it is writing. Where it seals, merges or drops what is being read, the check goes on
    /// in what took its place.
    /// - Throws: ``StorageError/disk(_:)`` where a file cannot be read.
    package static func run(
        log name: String,
        directory: String,
        on disk: any Disk,
        visit: (LogFinding) -> Void
    ) throws(StorageError) {
        var pass = Pass(name, directory, on: disk)
        for _ in 1..<attemptCountMax {
            do throws(StorageError) {
                return try pass.run(visit)
            } catch {
                guard error.isMissing else { throw error }
            }
        }
        try pass.run(visit)
    }

    /// The sealed segments that a log's manifest lists, oldest first; none where the manifest cannot be used.
    ///
    /// - Throws: ``StorageError/disk(_:)``.
    package static func sealedSegments(
        log name: String,
        directory: String,
        on disk: any Disk
    ) throws(StorageError) -> [SegmentSummary] {
        let inventory = try LogInventory(log: name, directory: directory, on: disk)
        return inventory.manifest?.closed.filter { $0.sealed != nil }.map(SegmentSummary.init) ?? []
    }
}

/// A way through a log that can begin again behind the last record it saw.
private struct Pass {
    private let options: SegmentLog.Options
    private let disk: any Disk
    private var lastSequence: UInt64 = 0
    private var lastTime = Timestamp.earliest
    private var violations: Set<Corruption> = []

    init(_ name: String, _ directory: String, on disk: any Disk) {
        options = SegmentLog.Options(name: name, directory: directory)
        self.disk = disk
    }

    mutating func run(_ visit: (LogFinding) -> Void) throws(StorageError) {
        let inventory = try LogInventory(log: options.name, directory: options.directory, on: disk)
        for violation in inventory.violations { report(violation, visit) }
        // Without a manifest that can be used every plain segment is read as one that may have been the active one.
        let segments =
            inventory.manifest?.segments
            ?? inventory.plainSegments.map { .active(Manifest.Active(first: $0, byteCount: 0)) }
        for segment in segments where inventory.contains(segment) || inventory.manifest == nil {
            if case .closed(let closed) = segment, closed.last <= lastSequence { continue }
            if case .closed(let closed) = segment, closed.sealed != nil {
                try readSealed(closed, visit)
            } else {
                try readPlain(segment, visit)
            }
        }
    }

    private mutating func readPlain(_ segment: Manifest.Segment, _ visit: (LogFinding) -> Void) throws(StorageError) {
        // Read a second time, its records are not later than the last one seen.
        let after = segment.first <= lastSequence ? Timestamp.earliest : lastTime
        var reader = try SegmentReader(
            segment,
            log: options.name,
            directory: options.directory,
            after: after,
            on: disk
        )
        while let finding = try reader.next() { see(finding, visit) }
        lastTime = max(lastTime, reader.lastTime)
    }

    private mutating func readSealed(_ closed: Manifest.Closed, _ visit: (LogFinding) -> Void) throws(StorageError) {
        do throws(StorageError) {
            let after = closed.first <= lastSequence ? Timestamp.earliest : lastTime
            var reader = try SealedReader(closed, options, after: after, on: disk)
            while let finding = try reader.next() { see(finding, visit) }
            lastTime = max(lastTime, reader.lastTime)
        } catch {
            guard case .corrupt(let corruption) = error else { throw error }
            report(corruption, visit)
        }
    }

    private mutating func see(_ finding: LogFinding, _ visit: (LogFinding) -> Void) {
        switch finding {
        case .entry(let entry), .flipped(let entry, _):
            guard entry.sequence > lastSequence else { return }
            lastSequence = entry.sequence
            visit(finding)
        case .violation(let violation): report(violation, visit)
        case .tornTail: visit(finding)
        }
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
    /// What the next open will cut off and report; no violation, for none of it was ever acknowledged.
    case tornTail(TornTail)
}
