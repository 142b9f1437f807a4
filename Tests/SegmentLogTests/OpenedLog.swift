internal import Disk
internal import JSON
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

/// A log with the records it has applied, and a manual clock.
struct OpenedLog: Sendable {
    /// One applied record, as text.
    struct Record: Sendable, Hashable {
        let sequence: UInt64
        let batch: UInt64
        let at: Timestamp
        let pointer: RecordPointer
        let members: String
    }

    let log: SegmentLog
    let recovery: RecoveryReport
    private let ledger: Ledger<[Record]>

    var applied: [Record] { ledger.entries }

    static func options(_ change: (inout SegmentLog.Options) -> Void = { _ in }) -> SegmentLog.Options {
        var options = SegmentLog.Options(name: SegmentText.name, directory: SegmentText.directory) {
            Timestamp(microseconds: 1_795_461_364_000_000)
        }
        change(&options)
        return options
    }

    init(on disk: any Disk, _ options: SegmentLog.Options = options()) throws {
        let ledger = Ledger<[Record]>([])
        self.ledger = ledger
        (log, recovery) = try SegmentLog.open(options, on: disk) { entry in
            let record = Record(
                sequence: entry.sequence,
                batch: entry.batch,
                at: entry.at,
                pointer: entry.pointer,
                members: String(decoding: entry.line[entry.members], as: UTF8.self)
            )
            ledger.enter { $0.append(record) }
        }
    }

    /// Returns the error of a log that was latched by `cause`.
    static func latched(_ cause: DiskError) -> StorageError {
        .latched(Latch("log \(SegmentText.name)", cause: cause, sinceMicroseconds: options().clock().microseconds))
    }

    static func members(_ id: String, _ byteCount: Int = 0) -> String {
        #""op":"put","id":"\#(id)","doc":{"x":"\#(String(repeating: "x ", count: byteCount / 2))"}"#
    }

    /// Appends a record and returns where it was applied; calls `composed` once its place in the order is fixed.
    @discardableResult
    func append(
        _ id: String,
        byteCount: Int = 0,
        composed: @Sendable () -> Void = {}
    ) async throws(StorageError) -> RecordPointer {
        let members = Array(Self.members(id, byteCount).utf8)
        let at = try await log.append { _, _, buffer in
            buffer += members
            composed()
        }
        guard let record = applied.last(where: { $0.at == at }) else {
            Issue.record("\(id) was acknowledged before it was applied")
            return RecordPointer(segment: 0, offset: 0, byteCount: 0)
        }
        return record.pointer
    }

    /// The error of an append that must fail.
    func refusal(_ id: String, byteCount: Int = 0) async -> StorageError? {
        do throws(StorageError) {
            try await append(id, byteCount: byteCount)
            return nil
        } catch {
            return error
        }
    }
}

/// Everything that a ``LogScan`` finds in the log of the tests.
struct Findings {
    var sequences: [UInt64] = []
    var violations: [Corruption] = []
    var tornTails: [TornTail] = []

    init(on disk: any Disk) throws {
        var scan = try LogScan(log: SegmentText.name, directory: SegmentText.directory, on: disk)
        try scan.run { add($0) }
    }

    /// What a scan finds in one segment.
    init(_ scan: SegmentScan) throws {
        var scan = scan
        while let finding = try scan.next() { add(finding) }
    }

    private mutating func add(_ finding: LogFinding) {
        switch finding {
        case .entry(let entry): sequences.append(entry.sequence)
        case .flipped(let entry, let violation):
            sequences.append(entry.sequence)
            violations.append(violation)
        case .violation(let violation): violations.append(violation)
        case .tornTail(let tail): tornTails.append(tail)
        }
    }
}
