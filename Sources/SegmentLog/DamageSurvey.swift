internal import Disk
internal import Glibc
internal import JSON

/// Gathers, at a line that does not verify, what ``SegmentRecovery`` decides by.
struct DamageSurvey {
    private let file: File
    private let fileByteCount: Int64
    private let seed: UInt64
    /// The last line of the file that verifies: its offset and batch.
    ///
    /// Looked for once, at the first line that does not verify; its batch is the highest, for batches only rise.
    private var lastVerified: (offset: Int64, batch: UInt64)?

    init(_ file: File, fileByteCount: Int64, seed: UInt64) {
        self.file = file
        self.fileByteCount = fileByteCount
        self.seed = seed
    }

    /// The damage at `piece`, where the record `sequence` should stand.
    mutating func damage(
        at piece: LineScanner.Piece,
        sequence: UInt64,
        durable durableByteCount: Int64
    ) throws(StorageError) -> SegmentRecovery.Damage {
        let later = try lastVerified(from: piece.offset)
        let end = piece.offset + Int64(piece.bytes.count)
        return SegmentRecovery.Damage(
            offset: piece.offset,
            sequence: sequence,
            durableByteCount: durableByteCount,
            laterBatch: later.offset > piece.offset ? later.batch : 0,
            isComplete: piece.hasLineEnd || end < fileByteCount || lacksOnlyLineEnd(piece),
            hasUnwrittenSector: piece.bytes.withUnsafeBytes {
                SegmentRecovery.hasUnwrittenSector($0, at: piece.offset, fileByteCount: fileByteCount)
            }
        )
    }

    /// Whether only the newline at the very end of the file is not what was written.
    private func lacksOnlyLineEnd(_ piece: LineScanner.Piece) -> Bool {
        let mended = LineScanner.Piece(
            offset: piece.offset,
            bytes: piece.bytes.dropLast() + [UInt8(ascii: "\n")],
            hasLineEnd: true
        )
        if case .success = mended.open(seed: seed) { return true }
        return false
    }

    private mutating func lastVerified(from offset: Int64) throws(StorageError) -> (offset: Int64, batch: UInt64) {
        if let lastVerified { return lastVerified }
        var found: (offset: Int64, batch: UInt64) = (-1, 0)
        var rest = LineScanner(file, from: offset, to: fileByteCount)
        while let piece = try rest.next() {
            // Where the line before was lost with its newline, a line begins behind the zeros in its place.
            let zeroCount = piece.bytes.withUnsafeBytes(Self.countThroughLastNUL)
            let line = LineScanner.Piece(
                offset: piece.offset + Int64(zeroCount),
                bytes: piece.bytes.dropFirst(zeroCount),
                hasLineEnd: piece.hasLineEnd
            )
            if case .success(let header) = line.open(seed: seed) { found = (line.offset, header.batch) }
        }
        lastVerified = found
        return found
    }

    private static func countThroughLastNUL(_ bytes: UnsafeRawBufferPointer) -> Int {
        // Nearly every line has none, and `memchr` says so at once.
        guard let start = bytes.baseAddress, memchr(start, 0, bytes.count) != nil else { return 0 }
        return (bytes.lastIndex(of: 0) ?? -1) + 1
    }
}
