package import Disk
package import JSON

/// A sequence of records that are durable once they were acknowledged, in numbered segments of JSON lines.
///
/// What survives:
///
/// - `append` has returned: the record survives the death of the process and a power cut.
/// - `append` has thrown: the record is not in the log, except after ``StorageError/latched(_:)``, when the next open
///   decides: it is there whole or not at all.
/// - `append` was interrupted by a crash: the record is there whole or not at all.
///
/// The log knows nothing of what a record means. Source: docs/FORMAT.md, "Logs".
package final class SegmentLog: Sendable {
    /// Where a log stands and how large its parts may grow.
    package struct Options: Sendable {
        /// The log's name, part of every checksum: a line that was moved to another log does not verify.
        package var name: String
        package var directory: String
        /// Whether the names in the directory above are on stable storage, for whoever opens many logs in it.
        package var parentIsDurable = false
        /// Whether a log with damaged segments is opened all the same, without the records that are lost; see
        /// ``RecoveryReport/damage``.
        package var opensDamaged = false
        /// Bytes at which a segment takes no further group.
        package var segmentByteCountMax: Int64 = 64 << 20
        /// Bytes at which a group commit takes no further record.
        package var batchByteCountMax = 4 << 20
        /// The longest line; at most what the format allows.
        package var recordByteCountMax = RecordLine.byteCountMax
        /// The space on the log's disk, and the reserve that is lent to appends that free some; nil where nobody watches it.
        package var space: DiskSpace?
        /// Restored frames, shared by the logs that are given the same one.
        package var frameCache = FrameCache()
        /// Called after a segment was closed, off the append path.
        package var didClose: @Sendable () -> Void = {}
        /// The wall clock; records are stamped with it, or with a later time where it does not advance.
        package var clock: @Sendable () -> Timestamp

        package init(
            name: String,
            directory: String,
            clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
        ) {
            self.name = name
            self.directory = directory
            self.clock = clock
        }
    }

    let options: Options
    let manifest: ManifestFile
    let files: SegmentFiles
    let committer: Committer
    let disk: any Disk
    private let tail: LogTail
    /// The number of the log in its cache.
    let number: Int

    /// Opens the log, or begins it where its directory is missing or empty; blocks while it reads what is not sealed.
    ///
    /// `sealed` is called for every sealed segment, oldest first, and before the first record. `apply` is called for
    /// every record of the others in the order of sequences, never twice at once: during this call for those
    /// on disk, later for each that is appended, after its sync and before its appender is woken. An end that a crash
    /// left half written is cut off and reported.
    /// - Precondition: No other log has the directory open; the options' sizes keep offsets below 4 GiB.
    /// - Throws: ``StorageError/corrupt(_:)`` where durable bytes are not what was written, unless the options let
    ///   segments be damaged: nothing was changed then; ``StorageError/disk(_:)``.
    package static func open(
        _ options: Options,
        on disk: any Disk,
        sealed: @escaping (SealedSegment) -> Void = { _ in },
        apply: @escaping @Sendable (LogEntry) -> Void
    ) throws(StorageError) -> (log: SegmentLog, recovery: RecoveryReport) {
        precondition(options.recordByteCountMax <= RecordLine.byteCountMax, "the format limits a line")
        precondition(options.segmentByteCountMax <= 1 << 31 && options.batchByteCountMax <= 1 << 30, "32-bit offsets")
        var opening = LogOpening(options, on: disk, sealed: sealed, apply: apply)
        let opened = try opening.run()
        let statistics = LogStatistics(
            segmentCount: opened.report.segmentCount,
            byteCount: opened.report.byteCount,
            storedByteCount: opened.report.storedByteCount,
            recordCount: opened.report.recordCount,
            lastSequence: opened.position.sequence - 1
        )
        let files = SegmentFiles(
            opened.manifest.current,
            directory: options.directory,
            options.frameCache,
            on: disk
        )
        let tail = LogTail()
        let committer = Committer(options, opened.writer, at: opened.position, statistics, files, tail, apply: apply)
        return (SegmentLog(options, opened.manifest, files, committer, tail, on: disk), opened.report)
    }

    private init(
        _ options: Options,
        _ manifest: ManifestFile,
        _ files: SegmentFiles,
        _ committer: Committer,
        _ tail: LogTail,
        on disk: any Disk
    ) {
        self.options = options
        self.manifest = manifest
        self.files = files
        self.committer = committer
        self.tail = tail
        self.disk = disk
        number = options.frameCache.register()
    }

    /// Where its files stand.
    package var directory: String { options.directory }

    /// What the log holds and whether it takes more.
    package var statistics: LogStatistics { committer.statistics }

    /// Appends a record, and returns where it stands once it is durable and applied.
    ///
    /// `compose` is given the record's sequence and its time, later than that of every record before, and adds the
    /// record's members to the buffer: `"op":"put","id":"a1","doc":{…}`. It is called once, at once, under the log's
    /// lock: it is quick and calls nothing that waits. Records of appends that overlap stand in the order of these
    /// calls. A record that throws leaves no gap in the sequences.
    ///
    /// One that `frees` space, as a tombstone does in the end, gets the reserve where the disk is full; it may then be
    /// composed again. All others are refused while the reserve is lent.
    /// - Precondition: What `compose` adds makes `{` … `}` a JSON object, without a newline.
    /// - Throws: ``StorageError/disk(_:)``, ``StorageError/latched(_:)``,
    ///   ``StorageError/closed``, ``StorageError/recordTooLarge(byteCount:byteCountMax:)``.
    package func append(
        frees: Bool = false,
        _ compose: @Sendable (UInt64, Timestamp, inout [UInt8]) -> Void
    ) async throws(StorageError) -> RecordPointer {
        try await committer.append(count: 1, frees: frees) { _, sequence, at, buffer in
            compose(sequence, at, &buffer)
        }
    }

    /// Appends records as one group, and returns once all of them are durable and applied.
    ///
    /// `compose` is called for one position after the other, as for ``append(_:)``. Where it throws none of them is in the
    /// log, but for a crash, and for ``StorageError/latched(_:)``: then the next open may find some, the first ones.
    /// - Precondition: There is a record, and together they are shorter than 2 GiB.
    /// - Throws: as ``append(_:)`` does; one record that is too long refuses all.
    package func append(
        count: Int,
        _ compose: @Sendable (_ position: Int, _ sequence: UInt64, Timestamp, inout [UInt8]) -> Void
    ) async throws(StorageError) {
        _ = try await committer.append(count: count, frees: false, compose)
    }

    /// Closes the active segment and begins the next one, unless it is empty.
    ///
    /// - Throws: as ``append(_:)`` does.
    package func roll() async throws(StorageError) {
        try await committer.roll()
    }

    /// Returns the line at `pointer`, newline included, after verifying it.
    ///
    /// Blocks for one read, and of a sealed segment for the decompression of one frame. The line is a slice of what was
    /// read, 8 KiB of a sealed segment: whoever keeps it for long copies it.
    /// - Throws: ``StorageError/corrupt(_:)`` where the bytes there are not that line; ``StorageError/retired``;
    ///   ``StorageError/disk(_:)``.
    package func read(_ pointer: RecordPointer) throws(StorageError) -> ArraySlice<UInt8> {
        // A pointer from a damaged index must not make us reserve 4 GiB.
        let byteCount = min(Int(pointer.byteCount), RecordLine.byteCountMax)
        let block = try block(at: pointer, plainByteCount: byteCount, isCached: true)
        let start = min(Int(pointer.offset) - block.offset, block.bytes.count)
        let line = block.bytes[start..<min(start + byteCount, block.bytes.count)]
        try verify(line, at: pointer)
        return line
    }

    /// Begins to read records in ascending order.
    package func cursor() -> RecordCursor { RecordCursor(self) }

    /// Returns the block that the record at `pointer` stands in: a frame, or `plainByteCount` bytes from its first on.
    ///
    /// It is empty where nothing is at that place.
    func block(
        at pointer: RecordPointer,
        plainByteCount: Int,
        isCached: Bool
    ) throws(StorageError) -> RecordCursor.Block {
        if let block = tail.block(at: pointer, byteCount: plainByteCount) { return block }
        let offset = Int(pointer.offset)
        switch try files.segment(pointer.segment) {
        case .plain(let file):
            let bytes = try file.bytes(at: Int64(offset), count: plainByteCount)
            return RecordCursor.Block(segment: pointer.segment, offset: offset, bytes: bytes)
        case .sealed(let file):
            guard let index = file.frame(at: offset) else {
                return RecordCursor.Block(segment: pointer.segment, offset: offset, bytes: [])
            }
            let bytes = try content(ofFrame: index, file, of: pointer.segment, isCached: isCached)
            return RecordCursor.Block(segment: pointer.segment, offset: file.offset(ofFrame: index), bytes: bytes)
        }
    }

    private func content(
        ofFrame index: Int,
        _ file: SealedFile,
        of segment: SegmentID,
        isCached: Bool
    ) throws(StorageError) -> [UInt8] {
        let key = FrameCache.Key(log: number, segment: segment, index: index)
        if let content = options.frameCache.content(of: key) { return content }
        let content = try file.content(ofFrame: index, verifying: false)
        if isCached { options.frameCache.keep(content, as: key) }
        return content
    }

    /// Verifies a line that was read at `pointer`.
    func verify(_ line: ArraySlice<UInt8>, at pointer: RecordPointer) throws(StorageError) {
        let seed = RecordLine.seed(log: options.name, segment: pointer.segment) &+ UInt64(pointer.offset)
        let result = line.withUnsafeBytes { bytes in
            Result { () throws(CheckedLineError) in
                guard line.count == pointer.byteCount else { throw .torn }
                try CheckedLine.verify(bytes, seed: seed)
            }
        }
        guard case .failure(let error) = result else { return }
        let path = try files.segment(pointer.segment).path
        throw .corrupt(Corruption(path: path, offset: Int64(pointer.offset), sequence: nil, reason: .init(error)))
    }

    /// Refuses further appends, waits for those under way, and writes down what is durable.
    ///
    /// Reads go on. Without it nothing acknowledged is lost; but the next open could take damage at the very end of the log for
    /// the trace of a crash.
    /// - Throws: ``StorageError/latched(_:)`` where the log was, and then nothing is written;
    ///   ``StorageError/disk(_:)``.
    package func close() async throws(StorageError) {
        try await committer.close()
    }
}
