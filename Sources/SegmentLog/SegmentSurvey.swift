internal import Disk
internal import JSON
internal import Zstd

/// What can still be read of one segment, and what is wrong with it.
struct SegmentSurvey {
    /// How the manifest lists it, or is to list it.
    private(set) var segment: Manifest.Segment
    let id: SegmentID
    let path: String
    private(set) var damage: [Corruption] = []
    /// Bytes in which one bit flipped, by their offsets in the file, as they were written.
    private(set) var flips: [Int64: UInt8] = [:]
    private(set) var keptCount = 0
    private(set) var keptByteCount: Int64 = 0
    private(set) var firstTime: Timestamp?
    private(set) var lastTime: Timestamp?
    /// The sequence behind the last record that can be read.
    private(set) var nextSequence: UInt64
    private(set) var isMissing = false
    /// Whether there is an append at the end that a crash interrupted.
    private(set) var hasTornTail = false
    /// Bytes that records had at most, by the file and the manifest.
    private(set) var byteCount: Int64 = 0
    private(set) var digest = ""

    /// The last sequence that it may have held.
    private(set) var last: UInt64 = 0

    /// Whether records are missing, or stand where they cannot be found by the manifest.
    var isLossy: Bool { damage.count > flips.count }

    /// Reads all of a segment of a log.
    ///
    /// - Throws: ``StorageError/disk(_:)`` where it cannot be read, or what `visit` throws, which is handed each record.
    init(
        _ segment: Manifest.Segment,
        _ options: SegmentLog.Options,
        on disk: any Disk,
        visit: (LogEntry) throws(StorageError) -> Void = { _ in }
    ) throws(StorageError) {
        self.segment = segment
        nextSequence = segment.first
        byteCount = segment.byteCount
        switch segment {
        case .closed(let closed) where closed.sealed != nil:
            id = closed.id
            path = "\(options.directory)/\(SegmentName.make(id, .sealed))"
            try readSealed(closed, options, on: disk, visit)
        case .closed, .active:
            id = SegmentID(first: segment.first)
            path = "\(options.directory)/\(SegmentName.make(id))"
            try readPlain(options, on: disk, visit)
        }
    }

    /// Reads the frames of a sealed segment that no manifest describes.
    init(walking id: SegmentID, _ options: SegmentLog.Options, on disk: any Disk) throws(StorageError) {
        self.id = id
        path = "\(options.directory)/\(SegmentName.make(id, .sealed))"
        nextSequence = id.first
        segment = .closed(Manifest.Closed(first: id.first, last: id.first, byteCount: 0, digest: ""))
        let file = try walk(options, on: disk) { _ in }
        last = nextSequence - 1
        if try !file.endsWithTable {
            damage.append(Corruption(path: path, reason: .damagedSeekTable))
        }
        segment = .closed(try listed(file, on: disk))
    }

    /// Reads a plain segment that no manifest describes: nobody knows how much of it was durable.
    init(unlisted first: UInt64, _ options: SegmentLog.Options, on disk: any Disk) throws(StorageError) {
        try self.init(.active(Manifest.Active(first: first, byteCount: 0)), options, on: disk)
    }

    /// Reads it once more, and hands each record to `visit`.
    func readAgain(
        _ options: SegmentLog.Options,
        on disk: any Disk,
        visit: (LogEntry) throws(StorageError) -> Void
    ) throws(StorageError) {
        _ = try SegmentSurvey(segment, options, on: disk, visit: visit)
    }

    /// Makes it a closed segment, before one that begins at `next`.
    mutating func close(before next: UInt64?) {
        guard case .active = segment else { return }
        if hasTornTail {
            let reason = Corruption.Reason.missingLineEnd
            damage.append(Corruption(path: path, offset: keptByteCount, sequence: nextSequence, reason: reason))
        }
        last = next.map { min(last, $0 - 1) } ?? last
        if !isLossy { last = nextSequence - 1 }
        segment = .closed(Manifest.Closed(first: id.first, last: last, byteCount: byteCount, digest: digest))
    }

    /// Whether a record of this sequence belongs to it.
    func holds(_ sequence: UInt64) -> Bool {
        (id.first...max(id.first, last)).contains(sequence)
    }

    /// How a manifest lists the frames of a file as they are.
    private func listed(_ file: SealedFile, on disk: any Disk) throws(StorageError) -> Manifest.Closed {
        let table = file.table
        return Manifest.Closed(
            first: id.first,
            last: max(last, id.first),
            byteCount: file.contentByteCount,
            digest: digest,
            sealed: Manifest.Sealed(
                generation: id.generation,
                recordCount: keptCount,
                storedByteCount: try disk.entry(path)?.byteCount ?? 0,
                frameCount: table.frames.count,
                tableChecksum: XXH3.hash64(table.entryBytes),
                firstAt: firstTime ?? .earliest,
                lastAt: lastTime ?? .earliest
            )
        )
    }

    private mutating func readPlain(
        _ options: SegmentLog.Options,
        on disk: any Disk,
        _ visit: (LogEntry) throws(StorageError) -> Void
    ) throws(StorageError) {
        guard try disk.entry(path) != nil else {
            isMissing = true
            last = segment.last ?? id.first - 1 + lostCountMax(options)
            return damage.append(Corruption(path: path, offset: 0, sequence: id.first, reason: .missingSegment))
        }
        var reader = try SegmentReader(segment, log: options.name, directory: options.directory, on: disk)
        while let finding = try reader.next() {
            try take(finding, visit)
        }
        byteCount = max(byteCount, reader.endOffset)
        digest = reader.digest.hex
        switch segment {
        case .closed(let closed):
            last = closed.last
            // Its bits turned back it is what the manifest lists, or something else is wrong, too.
            if !flips.isEmpty, !isLossy, digest != closed.digest {
                damage.append(Corruption(path: path, reason: .fileChecksumMismatch))
            }
        case .active: last = nextSequence - 1 + (isLossy ? lostCountMax(options) : 0)
        }
    }

    /// How many records the bytes may have held that are lost.
    private func lostCountMax(_ options: SegmentLog.Options) -> UInt64 {
        let lost = byteCount == 0 ? options.segmentByteCountMax : byteCount - keptByteCount
        return UInt64(lost / RecordLine.byteCountMin) + 1
    }

    private mutating func readSealed(
        _ closed: Manifest.Closed,
        _ options: SegmentLog.Options,
        on disk: any Disk,
        _ visit: (LogEntry) throws(StorageError) -> Void
    ) throws(StorageError) {
        do throws(StorageError) {
            last = closed.last
            var reader = try SealedReader(closed, options, on: disk)
            while let finding = try reader.next() { try take(finding, visit) }
            digest = reader.digest.hex
        } catch {
            switch error {
            case .corrupt(let corruption):
                damage.append(corruption)
                _ = try walk(options, on: disk, visit)
            case let error where error.isMissing:
                isMissing = true
                damage.append(Corruption(path: path, offset: 0, sequence: id.first, reason: .missingSegment))
            default: throw error
            }
        }
    }

    private mutating func walk(
        _ options: SegmentLog.Options,
        on disk: any Disk,
        _ visit: (LogEntry) throws(StorageError) -> Void
    ) throws(StorageError) -> SealedFile {
        let file = try SealedFile(walking: id, directory: options.directory, options.frameCache.contexts, on: disk)
        var reader = SealedReader(file, of: id, log: options.name)
        while let finding = try reader.next() { try take(finding, visit) }
        byteCount = max(byteCount, file.contentByteCount)
        digest = reader.digest.hex
        return file
    }

    private mutating func take(
        _ finding: LogFinding,
        _ visit: (LogEntry) throws(StorageError) -> Void
    ) throws(StorageError) {
        switch finding {
        case .entry(let entry): try take(entry, visit)
        case .flipped(let entry, let corruption):
            damage.append(corruption)
            if case .flippedBit(let offset) = corruption.reason {
                flips[offset] = entry.line[entry.line.startIndex + Int(offset) - Int(entry.pointer.offset)]
            }
            try take(entry, visit)
        case .violation(let corruption): damage.append(corruption)
        case .tornTail: hasTornTail = true
        }
    }

    private mutating func take(
        _ entry: LogEntry,
        _ visit: (LogEntry) throws(StorageError) -> Void
    ) throws(StorageError) {
        // Behind a line that is lost a reader takes any sequence; a segment that is written again may not go back.
        guard entry.sequence >= nextSequence, entry.batch <= entry.sequence, lastTime.map({ $0 < entry.at }) ?? true
        else {
            let reason = Corruption.Reason.outOfOrder(expected: nextSequence, found: entry.sequence)
            let offset = Int64(entry.pointer.offset)
            return damage.append(Corruption(path: path, offset: offset, sequence: entry.sequence, reason: reason))
        }
        keptCount += 1
        keptByteCount += Int64(entry.pointer.byteCount)
        firstTime = firstTime ?? entry.at
        lastTime = entry.at
        nextSequence = entry.sequence + 1
        try visit(entry)
    }
}
