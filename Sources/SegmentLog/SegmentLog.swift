package import Disk
package import JSON

/// A sequence of records that are durable once they were acknowledged, in numbered segments of JSON lines.
///
/// What survives:
///
/// - `append` has returned: the record survives a crash of the process and a power cut.
/// - `append` has thrown: the record is not in the log, except after ``StorageError/latched(_:)``: then it is unknown
///   until the next open whether the record is in the log.
/// - `append` was interrupted by a crash: the complete record is in the log, or none of it.
///
/// The log does not interpret records. Source: docs/FORMAT.md, "Logs".
package final class SegmentLog: Sendable {
    /// The directory of a log, and the limits of its parts.
    package struct Options: Sendable {
        /// The log's name, part of every checksum: a line that was moved to another log does not verify.
        package var name: String
        package var directory: String
        /// Whether the names in the parent directory are known to be durable, for callers that open many logs in it.
        package var parentIsDurable = false
        /// Whether a log with damaged segments is opened nevertheless, without the lost records; see
        /// ``RecoveryReport/damage``.
        package var opensDamaged = false
        /// The size in bytes at which no further group is added to a segment.
        package var segmentByteCountMax: Int64 = 64 << 20
        /// The size in bytes at which no further record is added to a group commit.
        package var batchByteCountMax = 4 << 20
        /// The maximum length of a line; at most that of the format.
        package var recordByteCountMax = RecordLine.byteCountMax
        /// The space of the log's disk, with the reserve for appends that free space; nil if it is not tracked.
        package var space: DiskSpace?
        /// The cache of decompressed frames, which several logs can share.
        package var frameCache = FrameCache()
        /// Called after a segment was closed, off the append path.
        package var didClose: @Sendable () -> Void = {}
        /// The wall clock; records are stamped with it, or with a later time if it does not advance.
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

    /// Opens the log, or creates it if its directory is missing or empty; blocks while it reads the segments that are
    /// not sealed.
    ///
    /// `sealed` is called once, with all sealed segments, oldest first, before the first record; if it throws, the log is
    /// not opened. `apply` is called for every record of the others in the order of sequences, never twice at once: during
    /// this call for those on disk, later for each appended one, after its sync and before its appender is resumed. An
    /// incomplete last append of a crash is cut off and reported.
    /// - Precondition: No other log has the directory open; the options' sizes keep offsets below 4 GiB.
    /// - Throws: ``StorageError/corrupt(_:)`` if durable bytes are damaged, unless the options allow damaged segments:
    ///   then no file was changed; ``StorageError/disk(_:)``.
    package static func open(
        _ options: Options,
        on disk: any Disk,
        sealed: ([SealedSegment]) throws(StorageError) -> Void = { _ in },
        apply: @escaping @Sendable (LogEntry) -> Void
    ) throws(StorageError) -> (log: SegmentLog, recovery: RecoveryReport) {
        precondition(options.recordByteCountMax <= RecordLine.byteCountMax, "the format limits a line")
        precondition(options.segmentByteCountMax <= 1 << 31 && options.batchByteCountMax <= 1 << 30, "32-bit offsets")
        var opening = LogOpening(options, on: disk, apply: apply)
        let opened = try opening.run(sealed: sealed)
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

    /// The directory of its files.
    package var directory: String { options.directory }

    /// The contents of the log, and whether it accepts writes.
    package var statistics: LogStatistics { committer.statistics }

    /// The time of the newest durable record; the earliest time if there is none.
    package var newestTime: Timestamp { committer.newestTime }

    /// Appends records as one group, and returns the time of the last one once all are durable and applied.
    ///
    /// `compose` is called for one position after the other, at once, under the log's lock: it must not block. It gets
    /// the time of the record, later than that of every record before, and adds the record's members to the buffer:
    /// `"op":"put","id":"a1","doc":{…}`. Records of appends that overlap are in the order of these calls. Records that
    /// are not appended leave no gap in the sequences.
    ///
    /// With `frees` the records free space, as a tombstone does eventually: if the disk is full they are composed again
    /// and may use the reserve. All others are refused while the reserve is in use.
    /// - Precondition: There is a record, and together they are shorter than 2 GiB. What `compose` adds makes `{` … `}`
    ///   a JSON object, without a newline.
    /// - Throws: ``StorageError/disk(_:)``, ``StorageError/closed``; ``StorageError/recordTooLarge(byteCount:byteCountMax:)``
    ///   if one record is too long; then none of them is in the log. ``StorageError/latched(_:)``: the next open may
    ///   find some, the first ones.
    @discardableResult
    package func append(
        count: Int = 1,
        frees: Bool = false,
        _ compose: @Sendable (_ position: Int, Timestamp, inout [UInt8]) -> Void
    ) async throws(StorageError) -> Timestamp {
        var attemptCount = 1
        while true {
            do {
                return try await committer.append(count: count, frees: frees, compose)
            } catch {
                // Up to two attempts with the reserve: the first may be in a batch that was composed before.
                guard frees, error.isNoSpace, attemptCount < 3, let space = options.space else { throw error }
                attemptCount += 1
                await committer.useReserve(of: space)
            }
        }
    }

    /// Closes the active segment and begins the next one, unless it is empty.
    ///
    /// - Throws: as ``append(count:frees:_:)`` does.
    package func roll() async throws(StorageError) {
        try await committer.roll()
    }

    /// Returns the line at `pointer`, including its newline, after verifying it.
    ///
    /// Blocks for one read, and in a sealed segment for the decompression of one frame. The line is a slice of a block,
    /// 8 KiB in a sealed segment: copy it to keep it for long.
    /// - Throws: ``StorageError/corrupt(_:)`` if the bytes are not that line; ``StorageError/retired``;
    ///   ``StorageError/disk(_:)``.
    package func read(_ pointer: RecordPointer) throws(StorageError) -> ArraySlice<UInt8> {
        // A pointer from a damaged index must not cause an allocation of 4 GiB.
        let byteCount = min(Int(pointer.byteCount), RecordLine.byteCountMax)
        let block = try block(at: pointer, plainByteCount: byteCount, isCached: true)
        let start = min(Int(pointer.offset) - block.offset, block.bytes.count)
        let line = block.bytes[start..<min(start + byteCount, block.bytes.count)]
        try verify(line, at: pointer)
        return line
    }

    /// Returns a cursor that reads records in ascending order.
    package func cursor() -> RecordCursor { RecordCursor(self) }

    /// Returns the block that contains the record at `pointer`: a frame, or `plainByteCount` bytes from its first one
    /// on.
    ///
    /// It is empty if there is no record at that place.
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

    /// Refuses further appends, waits for pending ones, and stores the durable length in the manifest.
    ///
    /// Reads continue. Without closing, no acknowledged record is lost, but the next open could take damage at the very
    /// end of the log for an interrupted append.
    /// - Throws: ``StorageError/latched(_:)`` if the log was latched, and then no file is written;
    ///   ``StorageError/disk(_:)``.
    package func close() async throws(StorageError) {
        try await committer.close()
    }
}
