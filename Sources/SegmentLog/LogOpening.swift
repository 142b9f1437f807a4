internal import Disk
internal import JSON

/// Opening a log: what was durable is verified, what a crash interrupted is finished or cut off, all else throws.
///
/// Of a sealed segment only the length is looked at: its bytes are verified when they are read. A crash at any call of
/// it leaves a log that opens with the same records.
struct LogOpening {
    private let options: SegmentLog.Options
    private let disk: any Disk
    private let sealed: (SealedSegment) -> Void
    private let apply: (LogEntry) -> Void
    private var report: RecoveryReport
    private var lastTime = Timestamp.earliest

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
    mutating func run() throws(SegmentError) -> Opened {
        let manifest = try self.manifest()
        for closed in manifest.closed {
            if closed.sealed == nil { _ = try replay(.closed(closed)) } else { try attach(closed) }
        }
        let reader = try replay(.active(manifest.active))
        let file = try SegmentError.ofDisk { () throws(DiskError) in
            try settle(reader, above: manifest.active.byteCount)
        }
        let manifestFile = ManifestFile(manifest, directory: options.directory, on: disk)
        let writer = SegmentWriter(
            manifestFile,
            file,
            byteCount: reader.byteCount,
            digest: reader.digest,
            directory: options.directory,
            on: disk
        )
        let position = LogPosition(
            segment: manifest.active.first,
            offset: reader.byteCount,
            sequence: reader.nextSequence,
            lastTime: reader.lastTime,
            firstTime: reader.firstTime
        )
        return Opened(writer: writer, position: position, manifest: manifestFile, report: report)
    }

    /// Tells of a sealed segment, whose file is as long as it must be.
    private mutating func attach(_ closed: Manifest.Closed) throws(SegmentError) {
        guard let file = closed.sealed else { preconditionFailure("the segment is sealed") }
        let path = "\(options.directory)/\(SegmentName.make(closed.id, .sealed))"
        let found = try SegmentError.ofDisk { () throws(DiskError) in try disk.entry(path)?.byteCount ?? 0 }
        guard found == file.storedByteCount else {
            let reason = Corruption.Reason.wrongByteCount(expected: file.storedByteCount, found: found)
            throw .corrupt(Corruption(path: path, offset: 0, sequence: nil, reason: reason))
        }
        sealed(SealedSegment(closed, options, on: disk))
        lastTime = file.lastAt
        report.segmentCount += 1
        report.recordCount += UInt64(file.recordCount)
        report.byteCount += closed.byteCount
        report.storedByteCount += file.storedByteCount
    }

    /// The manifest of the log, which is made where there is none yet, after the directory was held against it.
    private mutating func manifest() throws(SegmentError) -> Manifest {
        let inventory = try SegmentError.ofDisk { () throws(DiskError) in
            let stands = try disk.entry(options.directory) != nil
            if !stands || !options.parentIsDurable { try disk.ensureDirectory(options.directory) }
            return try LogInventory(log: options.name, directory: options.directory, on: disk)
        }
        if let violation = inventory.violations.first { throw .corrupt(violation) }
        report.removedPaths = inventory.leftoverPaths
        return try SegmentError.ofDisk { () throws(DiskError) in
            for path in inventory.leftoverPaths { try disk.remove(path) }
            if let manifest = inventory.manifest { return manifest }
            return try create()
        }
    }

    /// Begins a log: the first segment is durable before a manifest lists it.
    private func create() throws(DiskError) -> Manifest {
        let manifest = Manifest(name: options.name, active: Manifest.Active(first: 1, byteCount: 0))
        _ = try File("\(options.directory)/\(SegmentName.make(SegmentID(first: 1)))", .updateOrCreate, on: disk)
        try disk.synchronizeDirectory(options.directory)
        try disk.publish(manifest.bytes, at: "\(options.directory)/\(SegmentName.manifest)")
        return manifest
    }

    /// Applies every record of a segment, and returns its reader, which has come to the end or to the torn tail.
    private mutating func replay(_ segment: Manifest.Segment) throws(SegmentError) -> SegmentReader {
        var reader = try SegmentError.ofDisk { () throws(DiskError) in
            try SegmentReader(segment, log: options.name, directory: options.directory, after: lastTime, on: disk)
        }
        while let finding = try SegmentError.ofDisk({ () throws(DiskError) in try reader.next() }) {
            switch finding {
            case .entry(let entry):
                apply(entry)
                report.recordCount += 1
            case .violation(let corruption): throw .corrupt(corruption)
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
    private func settle(_ reader: SegmentReader, above durableByteCount: Int64) throws(DiskError) -> File {
        let file = try File(reader.path, .update, on: disk)
        if reader.byteCount == durableByteCount, report.tornTail == nil {
            // As a clean stop leaves it: all of it was durable when the manifest was written. Its name may not be.
            try disk.synchronizeDirectory(options.directory)
            return file
        }
        if report.tornTail != nil { try file.truncate(to: reader.byteCount) }
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
