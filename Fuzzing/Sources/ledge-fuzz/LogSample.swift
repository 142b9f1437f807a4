internal import Disk
internal import JSON
internal import TestSupport

@testable internal import SegmentLog

/// A log on a disk, and its acknowledged records.
struct LogSample: Sendable {
    struct Record: Sendable, Hashable {
        let sequence: UInt64
        let at: Timestamp
        let members: [UInt8]
        let pointer: RecordPointer
    }

    static let name = "clients"
    static let directory = "clients"
    static let manifestPath = "\(directory)/\(SegmentName.manifest)"

    let disk: FaultDisk
    /// All acknowledged records, in order.
    let records: [Record]
    /// Whether the log was closed, so that its manifest contains its length.
    let isClosed: Bool

    /// The files of the log.
    var paths: [String] { disk.paths.filter { !$0.hasSuffix("/") } }

    /// Three plain segments, the last one active, written in groups of several records.
    static func plain(closing: Bool) -> LogSample {
        blocking {
            let disk = FaultDisk()
            let (log, _) = try SegmentLog.open(options, on: disk) { _ in }
            for (group, size) in [3, 1, 4, 1, 2, 6, 2, 1, 3].enumerated() {
                try await log.append(count: size) { position, _, buffer in
                    buffer += members(group: group, position, byteCount: group * 29 % 97)
                }
                if group == 3 || group == 5 { try await log.roll() }
            }
            if closing { try await log.close() }
            return try LogSample(disk, isClosed: closing)
        }
    }

    /// Sealed segments, one of them merged from two, followed by a closed and an active one.
    static func sealed() -> LogSample {
        blocking {
            let disk = FaultDisk()
            let (log, _) = try SegmentLog.open(options, on: disk) { _ in }
            for (segment, size) in [40, 3, 90, 2].enumerated() {
                try await log.append(count: size) { position, _, buffer in
                    buffer += members(group: segment, position, byteCount: position * 7 % 300)
                }
                try await log.roll()
            }
            for segment in log.segments.prefix(3) {
                try log.put(log.replacement(sealing: segment.id) { _ in })
            }
            let merged = log.segments.prefix(2).map(\.id)
            try log.put(
                log.replacement(merging: merged) {
                    $0.sequence % 3 != 0
                } visit: { _ in
                }
            )
            try await log.append(count: 2) { position, _, buffer in
                buffer += members(group: 9, position, byteCount: 10)
            }
            try await log.close()
            return try LogSample(disk, isClosed: true)
        }
    }

    private init(_ disk: FaultDisk, isClosed: Bool) throws {
        // A copy, without the open files of the writing process.
        self.disk = disk.copy()
        self.isClosed = isClosed
        records = try LogContents(disk.copy()).records
    }

    static var options: SegmentLog.Options {
        var options = SegmentLog.Options(name: name, directory: directory) {
            Timestamp(microseconds: 1_795_461_364_000_000)
        }
        options.segmentByteCountMax = 1 << 20
        return options
    }

    private static func members(group: Int, _ position: Int, byteCount: Int) -> [UInt8] {
        let filling = String(repeating: "x ", count: byteCount / 2)
        return Array(#""op":"put","id":"\#(group)-\#(position)","doc":{"n":\#(position),"x":"\#(filling)"}"#.utf8)
    }
}

/// The contents of a log when it is opened, read by both readers.
struct LogContents {
    let log: SegmentLog
    var records: [LogSample.Record] = []
    /// Why records of sealed segments are missing.
    private(set) var corruptions: [Corruption] = []

    /// - Throws: `StorageError` if the log does not open.
    init(_ disk: FaultDisk) throws(StorageError) {
        var sealed: [LogSample.Record] = []
        var corruptions: [Corruption] = []
        let applied = Ledger<[LogSample.Record]>([])
        (log, _) = try SegmentLog.open(LogSample.options, on: disk) { segments in
            for segment in segments {
                do throws(StorageError) { try segment.forEach { sealed.append(LogSample.Record($0)) } } catch {
                    guard case .corrupt(let corruption) = error else {
                        fatalError("a disk in memory is read: \(error)")
                    }
                    corruptions.append(corruption)
                }
            }
        } apply: { entry in
            applied.enter { $0.append(LogSample.Record(entry)) }
        }
        records = sealed + applied.entries
        self.corruptions = corruptions
    }

    /// Returns the record at a pointer; nil if there is none.
    func record(at pointer: RecordPointer, of cursor: inout RecordCursor) -> ArraySlice<UInt8>? {
        let alone = try? log.read(pointer)
        must((try? cursor.line(pointer)) == alone, "a cursor and a single read return the same")
        return alone
    }
}

/// The findings of a check of a log.
struct LogFindings {
    var sequences: [UInt64] = []
    var violations: [Corruption] = []

    init(_ disk: FaultDisk) {
        let mutationCount = disk.mutationCount
        must("a disk in memory is read") {
            var scan = try LogScan(log: LogSample.name, directory: LogSample.directory, on: disk)
            try scan.run { finding in
                switch finding {
                case .entry(let entry): sequences.append(entry.sequence)
                case .flipped(let entry, let violation):
                    sequences.append(entry.sequence)
                    violations.append(violation)
                case .violation(let violation): violations.append(violation)
                case .tornTail: break
                }
            }
        }
        must(disk.mutationCount == mutationCount, "a check changes nothing")
    }
}

extension LogSample.Record {
    init(_ entry: LogEntry) {
        self.init(
            sequence: entry.sequence,
            at: entry.at,
            members: Array(entry.line[entry.members]),
            pointer: entry.pointer
        )
    }
}

extension SegmentLog {
    /// Publishes a replacement and removes the replaced files.
    func put(_ replacement: Replacement) throws {
        try publish(replacement)
        try clear(replacement)
    }
}

extension Checksums {
    /// Returns the bytes of a manifest or of a plain segment with correct checksums of all lines.
    static func corrected(_ bytes: [UInt8], ofLogFile path: String) -> [UInt8] {
        guard path != LogSample.manifestPath else { return corrected(bytes) { _ in XXH3.hash64(LogSample.name) } }
        guard let name = path.split(separator: "/").last, let (id, form) = SegmentName.parse(String(name)),
            form == .plain
        else { return bytes }
        let seed = RecordLine.seed(log: LogSample.name, segment: id)
        return corrected(bytes) { seed &+ UInt64($0) }
    }
}
