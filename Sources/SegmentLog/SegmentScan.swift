internal import Disk
package import JSON

/// Reads one segment from its start, plain or sealed, verifies every line, and yields its records and its damage.
///
/// It changes nothing, takes no lock, and holds one window of a plain file or one frame of a sealed one. So it may read
/// while a server appends; the part of a batch that is being written is a torn tail to it.
struct SegmentScan {
    let path: String
    let id: SegmentID
    /// How the manifest lists the segment; nil for a sealed segment without a manifest.
    private let listed: Manifest.Segment?
    private let form: SegmentName.Form
    private let seed: UInt64
    private var plainLines: LineScanner?
    private var frames: FrameScanner?
    /// How to recognize a torn tail; nil for a segment that is closed.
    private var evidence: TornTailEvidence?
    /// Damage that was found when the file was opened.
    private var openingDamage: Corruption?
    private var isFinished = false
    private var hasViolation = false
    /// How many more lines are searched for a flipped bit: each takes a moment, and thousands are not single flips.
    private var flipsLeft = 64

    /// The records that were accepted so far.
    private(set) var order: RecordOrder
    /// Bytes of all lines, by the file as it was opened.
    private let contentByteCount: Int64
    /// Where the last accepted line ends.
    private(set) var byteCount: Int64 = 0
    /// Where the segment ends: before a torn tail, else where its content does.
    private(set) var endOffset: Int64
    /// Where the batch of the last accepted record begins.
    private(set) var lastBatchOffset: Int64 = 0
    /// The checksum of the accepted lines of a plain segment, or of the restored frames of a sealed one.
    let digest = XXH3Digest()

    /// Opens a segment that a manifest lists.
    ///
    /// A closed segment must be exactly what the manifest says. The active one may continue past its durable bytes and
    /// end in a torn tail. If the seek table of a sealed segment is damaged, that is the only finding; when
    /// `isSalvaging`, the frames that can be found without it follow.
    /// - Throws: ``StorageError/disk(_:)``.
    init(
        _ segment: Manifest.Segment,
        _ options: SegmentLog.Options,
        after lastTime: Timestamp = .earliest,
        isSalvaging: Bool = false,
        on disk: any Disk
    ) throws(StorageError) {
        listed = segment
        id = segment.id
        form = segment.form
        path = "\(options.directory)/\(SegmentName.make(id, form))"
        seed = RecordLine.seed(log: options.name, segment: id)
        let last = segment.isSealed ? segment.last ?? .max : .max
        order = RecordOrder(from: id.first, to: last, allowsGaps: segment.isSealed, after: lastTime)
        if case .closed(let closed) = segment, closed.sealed != nil {
            let contexts = options.frameCache.contexts
            var file: SealedFile?
            do throws(StorageError) {
                file = try SealedFile(closed, directory: options.directory, contexts, on: disk)
            } catch {
                guard case .corrupt(let corruption) = error else { throw error }
                openingDamage = corruption
                hasViolation = true
                if isSalvaging {
                    file = try SealedFile(walking: id, directory: options.directory, contexts, on: disk)
                }
            }
            contentByteCount = file?.contentByteCount ?? 0
            if let file { frames = FrameScanner(file, digest: digest) }
        } else {
            let file = try File(path, .read, on: disk)
            contentByteCount = try file.byteCount
            let isClosed = segment.last != nil
            plainLines = LineScanner(file, to: isClosed ? min(segment.byteCount, contentByteCount) : contentByteCount)
            if !isClosed { evidence = TornTailEvidence(file, fileByteCount: contentByteCount, seed: seed) }
        }
        endOffset = contentByteCount
    }

    /// Opens a sealed segment that no manifest describes: its frames are found one after the other.
    init(unlisted id: SegmentID, _ options: SegmentLog.Options, on disk: any Disk) throws(StorageError) {
        listed = nil
        self.id = id
        form = .sealed
        path = "\(options.directory)/\(SegmentName.make(id, .sealed))"
        seed = RecordLine.seed(log: options.name, segment: id)
        order = RecordOrder(from: id.first, allowsGaps: true, after: .earliest)
        let contexts = options.frameCache.contexts
        let file = try SealedFile(walking: id, directory: options.directory, contexts, on: disk)
        frames = FrameScanner(file, digest: digest)
        contentByteCount = file.contentByteCount
        endOffset = contentByteCount
    }

    /// The file of a sealed segment; nil if its frames cannot be found.
    var sealedFile: SealedFile? { frames?.file }

    /// Returns the next record, or nil at the end.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` at the first damage; ``StorageError/disk(_:)``.
    /// - Precondition: The segment is closed.
    mutating func nextEntry() throws(StorageError) -> LogEntry? {
        switch try next() {
        case .entry(let entry): entry
        case .violation(let corruption), .flipped(_, let corruption): throw .corrupt(corruption)
        case .tornTail: preconditionFailure("a closed segment has no torn tail")
        case nil: nil
        }
    }

    /// Returns the next record or damage in the order of the file, or nil at its end.
    ///
    /// A torn tail is the last finding. Release an entry before the next call, or its buffer is copied.
    /// - Throws: ``StorageError/disk(_:)``.
    mutating func next() throws(StorageError) -> LogFinding? {
        guard !isFinished else { return nil }
        if let damage = openingDamage.take() { return .violation(damage) }
        let line: ScannedLine?
        do throws(StorageError) {
            line = try form == .plain ? plainLines?.next() : frames?.next()
        } catch {
            guard case .corrupt(let corruption) = error else { throw error }
            hasViolation = true
            return .violation(corruption)
        }
        guard let line else {
            isFinished = true
            return finalReason.map { .violation(Corruption(path: path, reason: $0)) }
        }
        switch line.open(seed: seed) {
        case .success(let header):
            guard let reason = order.reason(against: header) else { return .entry(accept(line, header)) }
            defer { order.reject(header) }
            return .violation(violation(at: line.offset, order.expected, reason))
        case .failure(let error):
            return try judge(line, error)
        }
    }

    private mutating func accept(_ line: ScannedLine, _ header: RecordLine.Header) -> LogEntry {
        if form == .plain { line.bytes.withUnsafeBytes { digest.update($0) } }
        if header.batch != order.batch { lastBatchOffset = line.offset }
        order.accept(header)
        byteCount = line.end
        let start = line.bytes.startIndex
        return LogEntry(
            sequence: header.sequence,
            batch: header.batch,
            at: header.at,
            pointer: RecordPointer(
                segment: id,
                offset: UInt32(line.offset),
                byteCount: UInt32(line.bytes.count)
            ),
            form: form,
            line: line.bytes,
            members: start + header.members.lowerBound..<start + header.members.upperBound
        )
    }

    /// Decides what a line that does not verify is: the trace of a crash, or damage.
    private mutating func judge(_ line: ScannedLine, _ error: CheckedLineError) throws(StorageError) -> LogFinding {
        let durableByteCount = listed?.byteCount ?? 0
        if let damage = try evidence?.damage(at: line, sequence: order.expected, durable: durableByteCount),
            SegmentRecovery.isTornTail(damage)
        {
            isFinished = true
            endOffset = line.offset
            return .tornTail(TornTail(path: path, offset: line.offset, byteCount: contentByteCount - line.offset))
        }
        if let flipped = flipped(line) { return flipped }
        defer { order.reject() }
        return .violation(violation(at: line.offset, order.expected, Corruption.Reason(error)))
    }

    /// The record of a plain line in which one bit flipped; a frame has a checksum of its own.
    private mutating func flipped(_ line: ScannedLine) -> LogFinding? {
        guard form == .plain, flipsLeft > 0 else { return nil }
        flipsLeft -= 1
        guard let found = FlippedBit.find(in: line.bytes, seed: seed &+ UInt64(bitPattern: line.offset)) else {
            return nil
        }
        let restored = ScannedLine(offset: line.offset, bytes: found.line, hasLineEnd: true)
        guard case .success(let header) = restored.open(seed: seed), order.reason(against: header) == nil else {
            return nil
        }
        let damage = line.offset + Int64(found.index)
        let corruption = violation(at: line.offset, header.sequence, .flippedBit(at: damage))
        return .flipped(accept(restored, header), corruption)
    }

    /// What is wrong that only the end of the segment shows.
    private var finalReason: Corruption.Reason? {
        switch listed {
        case .active(let active):
            guard contentByteCount < active.byteCount, !hasViolation else { return nil }
            return .wrongByteCount(expected: active.byteCount, found: contentByteCount)
        case .closed(let closed):
            if let sealed = closed.sealed { return finalReason(closed, sealed) }
            return finalReason(closed)
        case nil: return nil
        }
    }

    private func finalReason(_ closed: Manifest.Closed) -> Corruption.Reason? {
        if contentByteCount != closed.byteCount {
            return .wrongByteCount(expected: closed.byteCount, found: contentByteCount)
        }
        if order.isExact, order.expected != closed.last + 1 {
            return .wrongLastSequence(expected: closed.last, found: order.expected - 1)
        }
        return hasViolation || digest.hex == closed.digest ? nil : .fileChecksumMismatch
    }

    private func finalReason(_ closed: Manifest.Closed, _ sealed: Manifest.Sealed) -> Corruption.Reason? {
        guard !hasViolation else { return nil }
        guard order.count == sealed.recordCount else {
            return .wrongRecordCount(expected: sealed.recordCount, found: order.count)
        }
        guard order.firstTime == sealed.firstAt, order.lastTime == sealed.lastAt else { return .wrongTimes }
        return digest.hex == closed.digest ? nil : .fileChecksumMismatch
    }

    private mutating func violation(at offset: Int64, _ sequence: UInt64, _ reason: Corruption.Reason) -> Corruption {
        hasViolation = true
        return Corruption(path: path, offset: offset, sequence: sequence, reason: reason)
    }
}

extension Corruption.Reason {
    /// What is wrong with a line, or a file of one line, that does not verify.
    package init(_ error: CheckedLineError) {
        self =
            switch error {
            case .torn: .missingLineEnd
            case .malformed: .malformed
            case .checksumMismatch: .checksumMismatch
            }
    }
}
