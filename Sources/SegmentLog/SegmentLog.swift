package import Disk
package import JSON

/// A sequence of records that are durable once they were acknowledged, in numbered segments of JSON lines.
///
/// What survives:
///
/// - `append` has returned: the record survives the death of the process and a power cut.
/// - `append` has thrown: the record is not in the log, except after ``SegmentError/latched(_:)``, when the next open
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
        /// Bytes at which a segment takes no further group.
        package var segmentByteCountMax: Int64 = 64 << 20
        /// Bytes at which a group commit takes no further record.
        package var batchByteCountMax = 4 << 20
        /// The longest line; at most what the format allows.
        package var recordByteCountMax = RecordLine.byteCountMax
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

    private let files: SegmentFiles
    private let committer: Committer
    private let name: String

    /// Opens the log, or begins it where its directory is missing or empty; blocks while it reads all of it.
    ///
    /// `apply` is called for every record in the order of sequences, never twice at once: during this call for those
    /// on disk, later for each that is appended, after its sync and before its appender is woken. An end that a crash
    /// left half written is cut off and reported.
    /// - Precondition: No other log has the directory open; the options' sizes keep offsets below 4 GiB.
    /// - Throws: ``SegmentError/corrupt(_:)`` where durable bytes are not what was written: nothing was changed then;
    ///   ``SegmentError/disk(_:)``.
    package static func open(
        _ options: Options,
        on disk: any Disk,
        apply: @escaping @Sendable (LogEntry) -> Void
    ) throws(SegmentError) -> (log: SegmentLog, recovery: RecoveryReport) {
        precondition(options.recordByteCountMax <= RecordLine.byteCountMax, "the format limits a line")
        precondition(options.segmentByteCountMax <= 1 << 31 && options.batchByteCountMax <= 1 << 30, "32-bit offsets")
        var opening = LogOpening(options, on: disk, apply: apply)
        let (writer, position, report) = try opening.run()
        let statistics = LogStatistics(
            segmentCount: report.segmentCount,
            byteCount: report.byteCount,
            recordCount: report.recordCount,
            lastSequence: position.sequence - 1
        )
        let committer = Committer(options, writer, at: position, statistics, apply: apply)
        return (SegmentLog(options, committer, on: disk), report)
    }

    private init(_ options: Options, _ committer: Committer, on disk: any Disk) {
        self.name = options.name
        self.committer = committer
        self.files = SegmentFiles(directory: options.directory, on: disk)
    }

    /// What the log holds and whether it takes more.
    package var statistics: LogStatistics { committer.statistics }

    /// Appends a record, and returns where it stands once it is durable and applied.
    ///
    /// `compose` is given the record's sequence and its time, later than that of every record before, and adds the
    /// record's members to the buffer: `"op":"put","id":"a1","doc":{…}`. It is called once, at once, under the log's
    /// lock: it is quick and calls nothing that waits. Records of appends that overlap stand in the order of these
    /// calls. A record that throws leaves no gap in the sequences.
    /// - Precondition: What `compose` adds makes `{` … `}` a JSON object, without a newline.
    /// - Throws: ``SegmentError/noSpace(_:)``, ``SegmentError/disk(_:)``, ``SegmentError/latched(_:)``,
    ///   ``SegmentError/closed``, ``SegmentError/recordTooLarge(byteCount:byteCountMax:)``.
    package func append(
        _ compose: @Sendable (UInt64, Timestamp, inout [UInt8]) -> Void
    ) async throws(SegmentError) -> RecordPointer {
        try await committer.append(compose)
    }

    /// Returns the line at `pointer`, newline included, after verifying it.
    ///
    /// Blocks for one read.
    /// - Throws: ``SegmentError/corrupt(_:)`` where the bytes there are not that line; ``SegmentError/disk(_:)``.
    package func read(_ pointer: RecordPointer) throws(SegmentError) -> [UInt8] {
        // A pointer from a damaged index must not make us reserve 4 GiB.
        let byteCount = min(Int(pointer.byteCount), RecordLine.byteCountMax)
        let (file, line) = try SegmentError.ofDisk { () throws(DiskError) in
            let file = try files.file(pointer.segment)
            return (file, try file.bytes(at: Int64(pointer.offset), count: byteCount))
        }
        let seed = RecordLine.seed(log: name, segment: pointer.segment) &+ UInt64(pointer.offset)
        let result = line.withUnsafeBytes { bytes in
            Result { () throws(CheckedLineError) in
                guard line.count == pointer.byteCount else { throw .torn }
                try CheckedLine.verify(bytes, seed: seed)
            }
        }
        guard case .failure(let error) = result else { return line }
        throw .corrupt(
            Corruption(path: file.path, offset: Int64(pointer.offset), sequence: nil, reason: .init(error))
        )
    }

    /// Refuses further appends, waits for those under way, and writes down what is durable.
    ///
    /// Reads go on. Without it nothing acknowledged is lost; but the next open could take damage at the very end of the log for
    /// the trace of a crash.
    /// - Throws: ``SegmentError/latched(_:)`` where the log was, and then nothing is written;
    ///   ``SegmentError/noSpace(_:)``, ``SegmentError/disk(_:)``.
    package func close() async throws(SegmentError) {
        try await committer.close()
    }
}
