internal import Disk
internal import Glibc
internal import JSON

/// Reads a sealed segment from its start, verifying every frame and line, and yields what is there and what is wrong.
///
/// Records ascend, with gaps where merging has left some out. It holds one frame, changes nothing and takes no lock.
struct SealedReader {
    private let closed: Manifest.Closed
    private let id: SegmentID
    private let file: SealedFile
    private let seed: UInt64
    /// Nil where nothing says how many records there are.
    private let recordCount: Int?
    let digest = XXH3Digest()
    /// The lines of the frame that is read, where in the content they begin, and how many were.
    private var frame: [UInt8] = []
    private var frameOffset = 0
    private var position = 0
    private var nextFrame = 0
    private var foundCount = 0
    private var hasViolation = false
    private var isFinished = false
    private var nextSequence: UInt64
    private var firstTime: Timestamp?
    /// The time of the last record.
    private(set) var lastTime: Timestamp

    /// - Throws: as ``SealedFile/init(_:directory:_:on:)`` does.
    /// - Precondition: The segment is sealed.
    init(
        _ closed: Manifest.Closed,
        _ options: SegmentLog.Options,
        after lastTime: Timestamp = .earliest,
        on disk: any Disk
    ) throws(StorageError) {
        guard let sealed = closed.sealed else { preconditionFailure("the segment is sealed") }
        self.closed = closed
        id = closed.id
        self.lastTime = lastTime
        file = try SealedFile(closed, directory: options.directory, options.frameCache.contexts, on: disk)
        seed = RecordLine.seed(log: options.name, segment: closed.id)
        recordCount = sealed.recordCount
        nextSequence = closed.first
    }

    /// A reader of what frames a file has that is not, or cannot be, what a manifest says.
    init(_ file: SealedFile, of id: SegmentID, log name: String) {
        closed = Manifest.Closed(first: id.first, last: .max, byteCount: 0, digest: "")
        self.file = file
        seed = RecordLine.seed(log: name, segment: id)
        recordCount = nil
        nextSequence = id.first
        lastTime = .earliest
        self.id = id
    }

    /// Returns the next record, or nil at the end.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` at the first violation; ``StorageError/disk(_:)``.
    mutating func nextEntry() throws(StorageError) -> LogEntry? {
        switch try next() {
        case .entry(let entry): entry
        case .violation(let corruption), .flipped(_, let corruption): throw .corrupt(corruption)
        case .tornTail: preconditionFailure("a sealed segment is whole")
        case nil: nil
        }
    }

    /// Returns the next record or violation in the order of the file, or nil at its end.
    ///
    /// Behind a frame that cannot be restored it goes on with the next one.
    /// - Throws: ``StorageError/disk(_:)``.
    mutating func next() throws(StorageError) -> LogFinding? {
        guard !isFinished else { return nil }
        while position == frame.count {
            guard nextFrame < file.frameCount else {
                isFinished = true
                return finalReason.map { violation(at: 0, nil, $0) }
            }
            if let corruption = try advance() {
                hasViolation = true
                return .violation(corruption)
            }
        }
        return nextLine()
    }

    /// Restores the next frame, or returns why it cannot be.
    private mutating func advance() throws(StorageError) -> Corruption? {
        let index = nextFrame
        nextFrame += 1
        frame = []
        position = 0
        frameOffset = file.offset(ofFrame: index)
        do throws(StorageError) {
            frame = try file.content(ofFrame: index, verifying: true)
        } catch {
            guard case .corrupt(let corruption) = error else { throw error }
            return corruption
        }
        frame.withUnsafeBytes { digest.update($0) }
        return nil
    }

    private mutating func nextLine() -> LogFinding {
        let start = position
        let offset = Int64(frameOffset + start)
        let (count, opened) = frame.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            let line = UnsafeRawBufferPointer(rebasing: rest[..<Self.lineLength(in: rest)])
            let opened = Result { () throws(CheckedLineError) in
                try RecordLine.open(line, seed: seed &+ UInt64(bitPattern: offset))
            }
            return (line.count, opened)
        }
        position += count
        switch opened {
        case .failure(let error): return violation(at: offset, nextSequence, Corruption.Reason(error))
        case .success(let header):
            if let reason = reasonAgainst(header) { return violation(at: offset, header.sequence, reason) }
            foundCount += 1
            nextSequence = header.sequence + 1
            firstTime = firstTime ?? header.at
            lastTime = header.at
            return .entry(
                LogEntry(
                    sequence: header.sequence,
                    batch: header.batch,
                    at: header.at,
                    pointer: RecordPointer(
                        segment: id,
                        offset: UInt32(offset),
                        byteCount: UInt32(count)
                    ),
                    form: .sealed,
                    line: frame[start..<position],
                    members: start + header.members.lowerBound..<start + header.members.upperBound
                )
            )
        }
    }

    /// Bytes to the first newline, that included, or to the end.
    private static func lineLength(in bytes: UnsafeRawBufferPointer) -> Int {
        guard let start = bytes.baseAddress, let newline = memchr(start, Int32(UInt8(ascii: "\n")), bytes.count) else {
            return bytes.count
        }
        return UnsafeRawPointer(newline) - start + 1
    }

    /// Why a line that verifies cannot stand where it does.
    private func reasonAgainst(_ header: RecordLine.Header) -> Corruption.Reason? {
        guard header.sequence >= nextSequence, header.sequence <= closed.last else {
            return .outOfOrder(expected: nextSequence, found: header.sequence)
        }
        return header.batch <= header.sequence && header.at > lastTime ? nil : .malformed
    }

    /// What only the end of the segment can show.
    private var finalReason: Corruption.Reason? {
        guard let recordCount, !hasViolation else { return nil }
        guard foundCount == recordCount else {
            return .wrongRecordCount(expected: recordCount, found: foundCount)
        }
        guard firstTime == closed.sealed?.firstAt, lastTime == closed.sealed?.lastAt else { return .wrongTimes }
        return digest.hex == closed.digest ? nil : .fileChecksumMismatch
    }

    private mutating func violation(at offset: Int64, _ sequence: UInt64?, _ reason: Corruption.Reason) -> LogFinding {
        hasViolation = true
        return .violation(Corruption(path: file.path, offset: offset, sequence: sequence, reason: reason))
    }
}
