internal import Disk
internal import JSON

/// Opens a log: verifies what was durable, finishes or removes what a crash interrupted, and throws at any damage.
///
/// Of a sealed segment it verifies only the length: its bytes are verified when they are read. A crash at any call
/// during it leaves a log that opens with the same records.
///
/// With ``SegmentLog/Options/opensDamaged`` it leaves out the lines that do not verify. The files stay as they are, for
/// `ledge repair`: if records of the active segment are lost, the log continues in a new segment.
struct LogOpening {
    private let options: SegmentLog.Options
    private let disk: any Disk
    private let apply: (LogEntry) -> Void
    private var report: RecoveryReport
    private var lastTime = Timestamp.earliest
    /// Bytes of the applied lines of the segment that was replayed last.
    private var appliedByteCount: Int64 = 0

    /// An open log.
    struct Opened {
        let writer: SegmentWriter
        let position: LogPosition
        let manifest: ManifestFile
        let report: RecoveryReport
    }

    init(
        _ options: SegmentLog.Options,
        on disk: any Disk,
        apply: @escaping (LogEntry) -> Void
    ) {
        self.options = options
        self.disk = disk
        self.apply = apply
        report = RecoveryReport(name: options.name)
    }

    /// Passes the sealed segments on, then verifies and replays the others.
    ///
    /// Afterwards every record that was applied is on stable storage.
    mutating func run(
        sealed: ([SealedSegment]) throws(StorageError) -> Void
    ) throws(StorageError) -> Opened {
        let exists = try disk.entry(options.directory) != nil
        if !exists || !options.parentIsDurable { try disk.ensureDirectory(options.directory) }
        let log = try LogScan(options, on: disk)
        let manifest = try manifest(of: log)
        var found: [SealedSegment] = []
        for closed in manifest.closed where closed.sealed != nil { found.append(try sealedSegment(closed)) }
        try sealed(found)
        for closed in manifest.closed where closed.sealed == nil && !hasLost(closed.id) {
            _ = try replay(.closed(closed), of: log)
        }
        let id = SegmentID(first: manifest.active.first)
        if hasLost(id) { try make(id) }
        let scan = try replay(.active(manifest.active), of: log)
        let file = try settle(scan, above: manifest.active.byteCount)
        let manifestFile = ManifestFile(manifest, directory: options.directory, on: disk)
        var writer = SegmentWriter(
            manifestFile,
            file,
            byteCount: hasLost(id) ? max(scan.endOffset, manifest.active.byteCount) : scan.byteCount,
            digest: scan.digest,
            directory: options.directory,
            on: disk
        )
        var position = LogPosition(
            segment: manifest.active.first,
            offset: scan.byteCount,
            sequence: scan.order.expected,
            lastTime: scan.order.lastTime,
            firstTime: scan.order.firstTime
        )
        if hasLost(id) {
            position = self.position(after: scan, manifest.active)
            try writer.roll(to: position.segment)
            report.segmentCount += 1
        }
        return Opened(writer: writer, position: position, manifest: manifestFile, report: report)
    }

    /// Returns a sealed segment, after verifying the length of its file.
    private mutating func sealedSegment(_ closed: Manifest.Closed) throws(StorageError) -> SealedSegment {
        guard let file = closed.sealed else { preconditionFailure("the segment is sealed") }
        let path = "\(options.directory)/\(SegmentName.make(closed.id, .sealed))"
        let found = try disk.entry(path)?.byteCount ?? 0
        if found != file.storedByteCount, !report.damage.contains(where: { $0.path == path }) {
            let reason = Corruption.Reason.wrongByteCount(expected: file.storedByteCount, found: found)
            try note(Corruption(path: path, reason: reason))
        }
        lastTime = file.lastAt
        report.segmentCount += 1
        report.recordCount += UInt64(file.recordCount)
        report.byteCount += closed.byteCount
        report.storedByteCount += file.storedByteCount
        return SealedSegment(closed, options, on: disk)
    }

    /// The manifest of the log, which is created if the log is new, after the directory was compared with it.
    private mutating func manifest(of log: LogScan) throws(StorageError) -> Manifest {
        let listing = log.listing
        for violation in listing.violations {
            guard violation.reason == .missingSegment else { throw .corrupt(violation) }
            try note(violation)
            // The index of a sealed segment knows which records it had.
            if let id = listing.plainSegment(at: violation.path) {
                report.losses.append(Loss(segment: id, violation))
            }
        }
        report.removedPaths = listing.leftoverPaths
        for path in listing.leftoverPaths { try disk.remove(path) }
        if let manifest = listing.manifest { return manifest }
        return try create()
    }

    /// Creates a log: the first segment is durable before a manifest lists it.
    private func create() throws(StorageError) -> Manifest {
        let manifest = Manifest(name: options.name, active: Manifest.Active(first: 1, byteCount: 0))
        try make(SegmentID(first: 1))
        try disk.publish(manifest.bytes, at: "\(options.directory)/\(SegmentName.manifest)")
        return manifest
    }

    private func make(_ id: SegmentID) throws(StorageError) {
        _ = try File("\(options.directory)/\(SegmentName.make(id))", .updateOrCreate, on: disk)
        try disk.synchronizeDirectory(options.directory)
    }

    /// Applies every record of a segment, and returns its scan, which has reached the end or the torn tail.
    private mutating func replay(_ segment: Manifest.Segment, of log: LogScan) throws(StorageError) -> SegmentScan {
        var scan = try log.segment(segment, after: lastTime)
        appliedByteCount = 0
        while let finding = try scan.next() {
            switch finding {
            case .entry(let entry): take(entry)
            case .flipped(let entry, let corruption):
                try note(corruption)
                take(entry)
            case .violation(let corruption):
                try note(corruption)
                if let loss = Loss(corruption, in: segment.id) { report.losses.append(loss) }
            case .tornTail(let tail): report.tornTail = tail
            }
        }
        lastTime = scan.order.lastTime
        report.segmentCount += 1
        report.byteCount += scan.byteCount
        report.storedByteCount += scan.byteCount
        return scan
    }

    /// Makes the active segment durable as it was read, without its torn tail, and the names of all files with it.
    ///
    /// A process that was killed may have left lines only in the page cache, and one whose sync failed may have left them
    /// there marked as clean, so that no sync writes them any more. That is possible for the last batch only (see
    /// ``RecordLine``); it is written again, with the same bytes, before the sync.
    private func settle(_ scan: SegmentScan, above durableByteCount: Int64) throws(StorageError) -> File {
        let file = try File(scan.path, .update, on: disk)
        if scan.byteCount == durableByteCount, report.tornTail == nil {
            // After a clean stop all of it was durable when the manifest was written. Its name may not be.
            try disk.synchronizeDirectory(options.directory)
            return file
        }
        if report.tornTail != nil { try file.truncate(to: scan.endOffset) }
        var offset = max(scan.lastBatchOffset, durableByteCount)
        while offset < scan.byteCount {
            let bytes = try file.bytes(at: offset, count: Int(min(scan.byteCount - offset, 1 << 20)))
            try file.write(bytes, at: offset)
            offset += Int64(bytes.count)
        }
        try file.synchronize()
        try disk.synchronizeDirectory(options.directory)
        return file
    }
}

/// Opening a damaged log.
extension LogOpening {
    private mutating func take(_ entry: LogEntry) {
        apply(entry)
        report.recordCount += 1
        appliedByteCount += Int64(entry.pointer.byteCount)
    }

    /// Reports damage, or throws it if only undamaged logs are opened.
    private mutating func note(_ corruption: Corruption) throws(StorageError) {
        guard options.opensDamaged else { throw .corrupt(corruption) }
        report.damage.append(corruption)
    }

    private func hasLost(_ id: SegmentID) -> Bool {
        report.losses.contains { $0.segment == id }
    }

    /// Where the log continues after an active segment in which records are lost.
    ///
    /// The sequences that these can have had are not used again: a backup may still contain the records.
    private func position(after scan: SegmentScan, _ active: Manifest.Active) -> LogPosition {
        // If its length is unknown, as many records may be lost as a segment has.
        let durable = scan.endOffset + active.byteCount == 0 ? options.segmentByteCountMax : active.byteCount
        let lostByteCount = max(scan.endOffset, durable) - appliedByteCount
        let lostCount = UInt64(lostByteCount / RecordLine.byteCountMin) + 1
        return LogPosition(segment: scan.order.expected + lostCount, lastTime: scan.order.lastTime)
    }
}

extension Loss {
    /// The records that a violation in the lines of a segment takes; nil if none is missing.
    fileprivate init?(_ corruption: Corruption, in segment: SegmentID) {
        switch corruption.reason {
        case .wrongByteCount(let expected, let found) where found > expected: return nil
        // All bytes are there, and end with a record: the sequences continue elsewhere, as after an earlier loss.
        case .wrongLastSequence(_, let found) where found >= segment.first: return nil
        case .wrongByteCount, .wrongLastSequence, .fileChecksumMismatch: self.init(segment: segment, corruption)
        default: self.init(segment: segment, offset: UInt32(clamping: corruption.offset), corruption)
        }
    }
}
