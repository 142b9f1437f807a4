internal import Disk
internal import JSON

/// Opening a log: what was durable is verified, what a crash interrupted is finished or cut off, all else throws.
///
/// Of a sealed segment only the length is looked at: its bytes are verified when they are read. A crash at any call of
/// it leaves a log that opens with the same records.
///
/// A log that may be damaged is opened without the lines that do not verify. Its files stay as they are, for
/// `ledge repair`: where records of the active segment are lost the log goes on in a new one.
struct LogOpening {
    private let options: SegmentLog.Options
    private let disk: any Disk
    private let sealed: (SealedSegment) -> Void
    private let apply: (LogEntry) -> Void
    private var report: RecoveryReport
    private var lastTime = Timestamp.earliest
    /// Bytes of the lines of the segment that was replayed last.
    private var appliedByteCount: Int64 = 0

    /// What opening leads to.
    struct Opened {
        let writer: SegmentWriter
        let position: LogPosition
        let manifest: ManifestFile
        let report: RecoveryReport
    }

    init(
        _ options: SegmentLog.Options,
        on disk: any Disk,
        sealed: @escaping (SealedSegment) -> Void,
        apply: @escaping (LogEntry) -> Void
    ) {
        self.options = options
        self.sealed = sealed
        self.disk = disk
        self.apply = apply
        report = RecoveryReport(name: options.name)
    }

    /// Verifies and replays what is not sealed.
    ///
    /// Afterwards every record that was applied is on stable storage.
    mutating func run() throws(StorageError) -> Opened {
        let manifest = try self.manifest()
        for closed in manifest.closed {
            if closed.sealed != nil {
                try attach(closed)
            } else if !hasLost(closed.id) {
                _ = try replay(.closed(closed))
            }
        }
        let id = SegmentID(first: manifest.active.first)
        if hasLost(id) { try make(id) }
        let reader = try replay(.active(manifest.active))
        let file = try settle(reader, above: manifest.active.byteCount)
        let manifestFile = ManifestFile(manifest, directory: options.directory, on: disk)
        var writer = SegmentWriter(
            manifestFile,
            file,
            byteCount: hasLost(id) ? max(reader.endOffset, manifest.active.byteCount) : reader.byteCount,
            digest: reader.digest,
            directory: options.directory,
            on: disk
        )
        var position = LogPosition(
            segment: manifest.active.first,
            offset: reader.byteCount,
            sequence: reader.nextSequence,
            lastTime: reader.lastTime,
            firstTime: reader.firstTime
        )
        if hasLost(id) {
            position = place(behind: reader, manifest.active)
            try writer.roll(to: position.segment)
            report.segmentCount += 1
        }
        return Opened(writer: writer, position: position, manifest: manifestFile, report: report)
    }

    /// Tells of a sealed segment, whose file is as long as it must be.
    private mutating func attach(_ closed: Manifest.Closed) throws(StorageError) {
        guard let file = closed.sealed else { preconditionFailure("the segment is sealed") }
        let path = "\(options.directory)/\(SegmentName.make(closed.id, .sealed))"
        let found = try disk.entry(path)?.byteCount ?? 0
        if found != file.storedByteCount, !report.damage.contains(where: { $0.path == path }) {
            let reason = Corruption.Reason.wrongByteCount(expected: file.storedByteCount, found: found)
            try note(Corruption(path: path, reason: reason))
        }
        sealed(SealedSegment(closed, options, on: disk))
        lastTime = file.lastAt
        report.segmentCount += 1
        report.recordCount += UInt64(file.recordCount)
        report.byteCount += closed.byteCount
        report.storedByteCount += file.storedByteCount
    }

    /// The manifest of the log, which is made where there is none yet, after the directory was held against it.
    private mutating func manifest() throws(StorageError) -> Manifest {
        let stands = try disk.entry(options.directory) != nil
        if !stands || !options.parentIsDurable { try disk.ensureDirectory(options.directory) }
        let inventory = try LogInventory(log: options.name, directory: options.directory, on: disk)
        for violation in inventory.violations {
            guard violation.reason == .missingSegment else { throw .corrupt(violation) }
            try note(violation)
            // What a sealed one held its index knows.
            if let id = inventory.plainSegment(at: violation.path) {
                report.losses.append(Loss(segment: id, violation))
            }
        }
        report.removedPaths = inventory.leftoverPaths
        for path in inventory.leftoverPaths { try disk.remove(path) }
        if let manifest = inventory.manifest { return manifest }
        return try create()
    }

    /// Begins a log: the first segment is durable before a manifest lists it.
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

    /// Applies every record of a segment, and returns its reader, which has come to the end or to the torn tail.
    private mutating func replay(_ segment: Manifest.Segment) throws(StorageError) -> SegmentReader {
        var reader = try SegmentReader(
            segment,
            log: options.name,
            directory: options.directory,
            after: lastTime,
            on: disk
        )
        appliedByteCount = 0
        while let finding = try reader.next() {
            switch finding {
            case .entry(let entry): take(entry)
            case .flipped(let entry, let corruption):
                try note(corruption)
                take(entry)
            case .violation(let corruption):
                try note(corruption)
                if let loss = Loss(corruption, in: SegmentID(first: segment.first)) { report.losses.append(loss) }
            case .tornTail(let tail): report.tornTail = tail
            }
        }
        lastTime = reader.lastTime
        report.segmentCount += 1
        report.byteCount += reader.byteCount
        report.storedByteCount += reader.byteCount
        return reader
    }

    /// Makes the active segment durable as it was read, without its torn tail, and the names of all files with it.
    ///
    /// A process that was killed may have left whole lines in the page cache alone, and one whose sync failed may
    /// have left them there marked as clean, so that no sync writes them any more. That can be true of the last batch
    /// only (see ``RecordLine``); it is written again, with the same bytes, before the sync.
    private func settle(_ reader: SegmentReader, above durableByteCount: Int64) throws(StorageError) -> File {
        let file = try File(reader.path, .update, on: disk)
        if reader.byteCount == durableByteCount, report.tornTail == nil {
            // As a clean stop leaves it: all of it was durable when the manifest was written. Its name may not be.
            try disk.synchronizeDirectory(options.directory)
            return file
        }
        if report.tornTail != nil { try file.truncate(to: reader.endOffset) }
        var offset = max(reader.lastBatch.offset, durableByteCount)
        while offset < reader.byteCount {
            let bytes = try file.bytes(at: offset, count: Int(min(reader.byteCount - offset, 1 << 20)))
            try file.write(bytes, at: offset)
            offset += Int64(bytes.count)
        }
        try file.synchronize()
        try disk.synchronizeDirectory(options.directory)
        return file
    }
}

/// Damage that an opening goes on behind.
extension LogOpening {
    private mutating func take(_ entry: LogEntry) {
        apply(entry)
        report.recordCount += 1
        appliedByteCount += Int64(entry.pointer.byteCount)
    }

    /// Adds to the report what may be damaged in a log that is opened all the same.
    private mutating func note(_ corruption: Corruption) throws(StorageError) {
        guard options.opensDamaged else { throw .corrupt(corruption) }
        report.damage.append(corruption)
    }

    private func hasLost(_ id: SegmentID) -> Bool {
        report.losses.contains { $0.segment == id }
    }

    /// Where the log goes on behind an active segment in which records are lost.
    ///
    /// The sequences that they may have had are not given again: they may come back from a backup.
    private func place(behind reader: SegmentReader, _ active: Manifest.Active) -> LogPosition {
        // Of a segment whose length nobody knows any more it may be all that fits.
        let durable = reader.endOffset + active.byteCount == 0 ? options.segmentByteCountMax : active.byteCount
        let lostByteCount = max(reader.endOffset, durable) - appliedByteCount
        let lostCount = UInt64(lostByteCount / RecordLine.byteCountMin) + 1
        return LogPosition(segment: reader.nextSequence + lostCount, lastTime: reader.lastTime)
    }
}

extension Loss {
    /// What a violation in the lines of a segment means for its records; nil where none is missing.
    fileprivate init?(_ corruption: Corruption, in segment: SegmentID) {
        switch corruption.reason {
        case .wrongByteCount(let expected, let found) where found > expected: return nil
        // All bytes are there, and end with a record: only the sequences go on elsewhere, as behind an earlier loss.
        case .wrongLastSequence(_, let found) where found >= segment.first: return nil
        case .wrongByteCount, .wrongLastSequence, .fileChecksumMismatch: self.init(segment: segment, corruption)
        default: self.init(segment: segment, offset: UInt32(clamping: corruption.offset), corruption)
        }
    }
}
