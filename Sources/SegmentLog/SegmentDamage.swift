internal import Disk
internal import JSON
internal import Zstd

/// What is wrong with one segment, and what of it can be read: the findings of a scan, as repair plans with them.
struct SegmentDamage {
    /// How the manifest lists the segment, or is to list it.
    private(set) var listed: Manifest.Segment
    let id: SegmentID
    let path: String
    private(set) var damage: [Corruption] = []
    /// Bytes in which one bit flipped, by their offsets in the file, as they were written.
    private(set) var flips: [Int64: UInt8] = [:]
    /// Records that can be read.
    private(set) var keptCount = 0
    private var keptByteCount: Int64 = 0
    /// The sequence after the last record that can be read.
    private var nextSequence: UInt64
    /// The last sequence that the segment can have had.
    private(set) var last: UInt64 = 0
    private(set) var isMissing = false
    /// Whether it ends in an append that a crash interrupted.
    private var hasTornTail = false
    /// Bytes of all its records, at most, by the file and the manifest.
    private var byteCount: Int64 = 0
    private var digest = ""

    /// Whether records are missing, or the manifest does not list the segment as it is.
    var isLossy: Bool { damage.count > flips.count }

    /// Reads a segment that the manifest lists.
    ///
    /// - Throws: ``StorageError/disk(_:)``.
    init(_ segment: Manifest.Segment, of log: LogScan, on disk: any Disk) throws(StorageError) {
        listed = segment
        id = segment.id
        path = "\(log.options.directory)/\(SegmentName.make(id, segment.form))"
        nextSequence = id.first
        byteCount = segment.byteCount
        guard try disk.entry(path) != nil else {
            isMissing = true
            last = segment.last ?? id.first - 1 + lostCountMax(log.options)
            damage.append(Corruption(path: path, offset: 0, sequence: id.first, reason: .missingSegment))
            return
        }
        var scan = try log.segment(segment, isSalvaging: true)
        try take(&scan)
        switch segment {
        case .closed(let closed):
            last = closed.last
            // With its bits restored it must be the segment that the manifest lists, or something else is wrong.
            if !flips.isEmpty, !isLossy, digest != closed.digest {
                damage.append(Corruption(path: path, reason: .fileChecksumMismatch))
            }
        case .active: last = nextSequence - 1 + (isLossy ? lostCountMax(log.options) : 0)
        }
    }

    /// Reads a plain segment that no manifest describes: how much of it was durable is unknown.
    init(unlistedPlain id: SegmentID, of log: LogScan, on disk: any Disk) throws(StorageError) {
        try self.init(.active(Manifest.Active(first: id.first, byteCount: 0)), of: log, on: disk)
    }

    /// Reads a sealed segment that no manifest describes.
    init(unlistedSealed id: SegmentID, of log: LogScan, on disk: any Disk) throws(StorageError) {
        self.id = id
        path = "\(log.options.directory)/\(SegmentName.make(id, .sealed))"
        nextSequence = id.first
        listed = .closed(Manifest.Closed(first: id.first, last: id.first, byteCount: 0, digest: ""))
        var scan = try SegmentScan(unlisted: id, log.options, on: disk)
        try take(&scan)
        last = nextSequence - 1
        guard let file = scan.sealedFile else { return }
        if try !file.endsWithTable { damage.append(Corruption(path: path, reason: .damagedSeekTable)) }
        let table = file.table
        listed = .closed(
            Manifest.Closed(
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
                    firstAt: scan.order.firstTime ?? .earliest,
                    lastAt: scan.order.lastTime
                )
            )
        )
    }

    /// Makes it a closed segment, before one that begins at `next`.
    mutating func close(before next: UInt64?) {
        guard case .active = listed else { return }
        if hasTornTail {
            let reason = Corruption.Reason.missingLineEnd
            damage.append(Corruption(path: path, offset: keptByteCount, sequence: nextSequence, reason: reason))
        }
        last = next.map { min(last, $0 - 1) } ?? last
        if !isLossy { last = nextSequence - 1 }
        listed = .closed(Manifest.Closed(first: id.first, last: last, byteCount: byteCount, digest: digest))
    }

    /// Whether a record of this sequence belongs to it.
    func holds(_ sequence: UInt64) -> Bool {
        (id.first...max(id.first, last)).contains(sequence)
    }

    /// How many records the lost bytes can have contained.
    private func lostCountMax(_ options: SegmentLog.Options) -> UInt64 {
        let lost = byteCount == 0 ? options.segmentByteCountMax : byteCount - keptByteCount
        return UInt64(lost / RecordLine.byteCountMin) + 1
    }

    private mutating func take(_ scan: inout SegmentScan) throws(StorageError) {
        while let finding = try scan.next() {
            switch finding {
            case .entry(let entry): keptByteCount += Int64(entry.pointer.byteCount)
            case .flipped(let entry, let corruption):
                keptByteCount += Int64(entry.pointer.byteCount)
                damage.append(corruption)
                if case .flippedBit(let offset) = corruption.reason {
                    flips[offset] = entry.line[entry.line.startIndex + Int(offset) - Int(entry.pointer.offset)]
                }
            case .violation(let corruption): damage.append(corruption)
            case .tornTail: hasTornTail = true
            }
        }
        keptCount = scan.order.count
        nextSequence = scan.order.nextMin
        byteCount = max(byteCount, scan.endOffset)
        digest = scan.digest.hex
    }
}
