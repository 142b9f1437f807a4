internal import Disk
internal import Glibc
internal import JSON

/// Collects, at a line that does not verify, the facts by which ``SegmentRecovery`` decides.
struct TornTailEvidence {
    private let file: File
    private let fileByteCount: Int64
    private let seed: UInt64
    /// The last line of the file that verifies: its offset and batch.
    ///
    /// Searched once, at the first line that does not verify; its batch is the highest, because batches ascend.
    private var lastVerified: (offset: Int64, batch: UInt64)?

    init(_ file: File, fileByteCount: Int64, seed: UInt64) {
        self.file = file
        self.fileByteCount = fileByteCount
        self.seed = seed
    }

    /// The damage at `line`, where the record `sequence` is expected.
    mutating func damage(
        at line: ScannedLine,
        sequence: UInt64,
        durable durableByteCount: Int64
    ) throws(StorageError) -> SegmentRecovery.Damage {
        let later = try lastVerified(from: line.offset)
        return SegmentRecovery.Damage(
            offset: line.offset,
            sequence: sequence,
            durableByteCount: durableByteCount,
            laterBatch: later.offset > line.offset ? later.batch : 0,
            isComplete: line.hasLineEnd || line.end < fileByteCount || lacksOnlyLineEnd(line),
            hasUnwrittenSector: line.bytes.withUnsafeBytes {
                SegmentRecovery.hasUnwrittenSector($0, at: line.offset, fileByteCount: fileByteCount)
            }
        )
    }

    /// Whether only the newline at the very end of the file is damaged.
    private func lacksOnlyLineEnd(_ line: ScannedLine) -> Bool {
        let bytes = line.bytes.dropLast() + [UInt8(ascii: "\n")]
        let completed = ScannedLine(offset: line.offset, bytes: bytes, hasLineEnd: true)
        if case .success = completed.open(seed: seed) { return true }
        return false
    }

    private mutating func lastVerified(from offset: Int64) throws(StorageError) -> (offset: Int64, batch: UInt64) {
        if let lastVerified { return lastVerified }
        var found: (offset: Int64, batch: UInt64) = (-1, 0)
        var rest = LineScanner(file, from: offset, to: fileByteCount)
        while let line = try rest.next() {
            // If the previous line was lost with its newline, a line begins after the zeros in its place.
            let zeroCount = line.bytes.withUnsafeBytes(Self.countThroughLastNUL)
            let later = ScannedLine(
                offset: line.offset + Int64(zeroCount),
                bytes: line.bytes.dropFirst(zeroCount),
                hasLineEnd: line.hasLineEnd
            )
            if case .success(let header) = later.open(seed: seed) { found = (later.offset, header.batch) }
        }
        lastVerified = found
        return found
    }

    private static func countThroughLastNUL(_ bytes: UnsafeRawBufferPointer) -> Int {
        // Nearly all lines have none, which `memchr` detects quickly.
        guard let start = bytes.baseAddress, memchr(start, 0, bytes.count) != nil else { return 0 }
        return (bytes.lastIndex(of: 0) ?? -1) + 1
    }
}
