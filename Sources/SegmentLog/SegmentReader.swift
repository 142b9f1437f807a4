package import Disk
package import JSON

/// Reads one segment from its start, verifying every line, and yields what is there and what is wrong.
///
/// Opening a log and checking one offline both go through here. It changes nothing, takes no lock and holds one
/// window of the file, so it may run beside a server that appends; of a group that is just being written it may see
/// a part, which it calls a torn tail.
package struct SegmentReader {
    package let path: String
    private let segment: Manifest.Segment
    private let fileByteCount: Int64
    private let seed: UInt64
    private var scanner: LineScanner
    private var survey: DamageSurvey
    private var isFinished = false
    private var hasViolation = false
    /// Whether the line before verified, so that the next one's place in the order is known exactly.
    private var isInOrder = true
    /// How many more lines are tried for a flipped bit: each may take a moment, and thousands are no single flip.
    private var flipsLeft = 64

    /// The sequence the next line should have.
    private(set) var nextSequence: UInt64
    /// The times of the first and the last record.
    private(set) var firstTime: Timestamp?
    private(set) var lastTime: Timestamp
    /// Where the last line that verified ends.
    private(set) var byteCount: Int64 = 0
    /// Where the segment ends: before a torn tail, else where the file does.
    private(set) var endOffset: Int64
    /// The batch of the last line that verified, and where its first line begins.
    private(set) var lastBatch: (sequence: UInt64, offset: Int64) = (0, 0)
    /// The checksum of all lines that verified.
    let digest = XXH3Digest()

    /// A reader of a segment of the log `name`.
    ///
    /// A closed one must be exactly what the manifest says; the active one may go on behind its durable bytes, and
    /// end there in a torn tail.
    /// - Precondition: It is not sealed.
    package init(
        _ segment: Manifest.Segment,
        log name: String,
        directory: String,
        after lastTime: Timestamp = .earliest,
        on disk: any Disk
    ) throws(StorageError) {
        path = "\(directory)/\(SegmentName.make(SegmentID(first: segment.first)))"
        let file = try File(path, .read, on: disk)
        self.segment = segment
        self.lastTime = lastTime
        fileByteCount = try file.byteCount
        endOffset = fileByteCount
        nextSequence = segment.first
        seed = RecordLine.seed(log: name, segment: segment.first)
        let end = segment.isClosed ? min(segment.byteCount, fileByteCount) : fileByteCount
        scanner = LineScanner(file, to: end)
        survey = DamageSurvey(file, fileByteCount: fileByteCount, seed: seed)
    }

    /// Returns the next record or violation in the order of the file, or nil at its end.
    ///
    /// A torn tail is the last thing found. Let go of an entry before the next call, or its buffer is copied.
    package mutating func next() throws(StorageError) -> LogFinding? {
        guard !isFinished else { return nil }
        guard let piece = try scanner.next() else {
            isFinished = true
            return finalViolation().map(LogFinding.violation)
        }
        switch piece.open(seed: seed) {
        case .success(let header):
            let (expected, reason) = (nextSequence, reasonAgainst(header))
            let entry = accept(piece, header)
            return reason.map { .violation(violation(at: piece.offset, expected, $0)) } ?? .entry(entry)
        case .failure(let error):
            return try judge(piece, error)
        }
    }

    /// Why a line that verifies cannot stand where it does.
    private func reasonAgainst(_ header: RecordLine.Header) -> Corruption.Reason? {
        guard isInOrder else { return nil }
        guard header.sequence == nextSequence else {
            return .outOfOrder(expected: nextSequence, found: header.sequence)
        }
        let startsBatch = header.batch == header.sequence
        return (startsBatch || header.batch == lastBatch.sequence) && header.at > lastTime ? nil : .malformed
    }

    private mutating func accept(_ piece: LineScanner.Piece, _ header: RecordLine.Header) -> LogEntry {
        piece.bytes.withUnsafeBytes { digest.update($0) }
        if header.batch != lastBatch.sequence { lastBatch = (header.batch, piece.offset) }
        isInOrder = true
        nextSequence = header.sequence + 1
        lastTime = header.at
        firstTime = firstTime ?? header.at
        byteCount = piece.offset + Int64(piece.bytes.count)
        let start = piece.bytes.startIndex
        return LogEntry(
            sequence: header.sequence,
            batch: header.batch,
            at: header.at,
            pointer: RecordPointer(
                segment: SegmentID(first: segment.first),
                offset: UInt32(piece.offset),
                byteCount: UInt32(piece.bytes.count)
            ),
            form: .plain,
            line: piece.bytes,
            members: start + header.members.lowerBound..<start + header.members.upperBound
        )
    }

    /// Decides what a line that does not verify is: the trace of a crash, or corruption.
    private mutating func judge(_ piece: LineScanner.Piece, _ error: CheckedLineError) throws(StorageError)
        -> LogFinding
    {
        if !segment.isClosed {
            let damage = try survey.damage(at: piece, sequence: nextSequence, durable: segment.byteCount)
            if SegmentRecovery.isTornTail(damage) {
                isFinished = true
                endOffset = piece.offset
                return .tornTail(TornTail(path: path, offset: piece.offset, byteCount: fileByteCount - piece.offset))
            }
        }
        if let flipped = flipped(piece) { return flipped }
        isInOrder = false
        nextSequence += 1
        return .violation(violation(at: piece.offset, nextSequence - 1, Corruption.Reason(error)))
    }

    /// The record of a line in which one bit flipped.
    private mutating func flipped(_ piece: LineScanner.Piece) -> LogFinding? {
        guard flipsLeft > 0 else { return nil }
        flipsLeft -= 1
        guard let found = FlippedBit.find(in: piece.bytes, seed: seed &+ UInt64(bitPattern: piece.offset)) else {
            return nil
        }
        let whole = LineScanner.Piece(offset: piece.offset, bytes: found.line, hasLineEnd: true)
        guard case .success(let header) = whole.open(seed: seed), reasonAgainst(header) == nil else { return nil }
        let damage = piece.offset + Int64(found.index)
        let corruption = violation(at: piece.offset, header.sequence, .flippedBit(at: damage))
        return .flipped(accept(whole, header), corruption)
    }

    /// What only the end of the segment can show.
    private func finalViolation() -> Corruption? {
        let reason: Corruption.Reason
        switch segment {
        case .closed(let closed):
            if fileByteCount != closed.byteCount {
                reason = .wrongByteCount(expected: closed.byteCount, found: fileByteCount)
            } else if isInOrder, nextSequence != closed.last + 1 {
                reason = .wrongLastSequence(expected: closed.last, found: nextSequence - 1)
            } else if !hasViolation, digest.hex != closed.digest {
                reason = .fileChecksumMismatch
            } else {
                return nil
            }
        case .active(let active):
            guard fileByteCount < active.byteCount, !hasViolation else { return nil }
            reason = .wrongByteCount(expected: active.byteCount, found: fileByteCount)
        }
        return Corruption(path: path, reason: reason)
    }

    private mutating func violation(at offset: Int64, _ sequence: UInt64?, _ reason: Corruption.Reason) -> Corruption {
        hasViolation = true
        return Corruption(path: path, offset: offset, sequence: sequence, reason: reason)
    }
}

extension Manifest.Segment {
    fileprivate var isClosed: Bool {
        if case .closed = self { true } else { false }
    }
}

extension Corruption.Reason {
    /// What recovery calls a line that does not verify, once a crash is ruled out.
    package init(_ error: CheckedLineError) {
        self =
            switch error {
            case .torn: .missingLineEnd
            case .malformed: .malformed
            case .checksumMismatch: .checksumMismatch
            }
    }
}
