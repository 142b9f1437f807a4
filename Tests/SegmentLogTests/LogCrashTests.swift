internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

/// Every kind of fault at every call that changes the disk, then a power cut.
struct LogCrashTests {
    /// The results of the appends of one run.
    struct Promises: Sendable {
        /// The acknowledged records by their sequences.
        var kept: [UInt64: String] = [:]
        /// The records whose append has failed without an effect.
        var refused: Set<String> = []
        /// The records without a result, or with an unknown one.
        var open: Set<String> = []
    }

    struct BrokenPromise: Error {
        let reason: String
    }

    static let options = OpenedLog.options {
        $0.segmentByteCountMax = 900
        $0.batchByteCountMax = 600
        $0.recordByteCountMax = 4_000
    }

    /// Appends, and records the result.
    static func append(_ id: String, _ byteCount: Int, to log: OpenedLog, _ ledger: Ledger<Promises>) async {
        let members = OpenedLog.members(id, byteCount)
        ledger.enter { _ = $0.open.insert(members) }
        do throws(StorageError) {
            let pointer = try await log.append(id, byteCount: byteCount)
            guard let record = log.applied.first(where: { $0.pointer == pointer }) else {
                Issue.record("\(id) was acknowledged before it was applied")
                return
            }
            ledger.enter { promises in
                promises.open.remove(members)
                promises.kept[record.sequence] = record.members
            }
        } catch {
            switch error {
            case .recordTooLarge, .closed, .disk:
                ledger.enter { promises in
                    promises.open.remove(members)
                    promises.refused.insert(members)
                }
            case .latched, .retired, .corrupt, .tooManyToSort: break
            }
        }
    }

    /// Two runs of a log: single appends, concurrent appends, three segments, a record over several sectors.
    static func work(on disk: FaultDisk, _ ledger: Ledger<Promises>) async throws {
        for life in 0..<2 {
            let log = try OpenedLog(on: disk, options)
            for id in 0..<4 { await append("\(life)-\(id)", id * 40, to: log, ledger) }
            await append("\(life)-long", 1_700, to: log, ledger)
            await append("\(life)-too-long", 5_000, to: log, ledger)
            await withTaskGroup { group in
                for id in 4..<12 {
                    group.addTask { await append("\(life)-\(id)", id * 17, to: log, ledger) }
                }
            }
            try await log.log.close()
        }
    }

    /// Opens the remaining disk, compares it with the promises, and appends once more.
    static func verify(on disk: FaultDisk, _ ledger: Ledger<Promises>) async throws {
        if try disk.entry("clients") != nil {
            let before = try Findings(on: disk)
            guard before.violations.isEmpty else { throw BrokenPromise(reason: "check: \(before.violations)") }
        }
        let log = try OpenedLog(on: disk, options)
        let promises = ledger.entries
        let found = log.applied
        guard found.map(\.sequence) == (0..<UInt64(found.count)).map({ $0 + 1 }) else {
            throw BrokenPromise(reason: "sequences \(found.map(\.sequence))")
        }
        for (sequence, members) in promises.kept.sorted(by: { $0.key < $1.key }) {
            guard found.count >= sequence, found[Int(sequence) - 1].members == members else {
                throw BrokenPromise(reason: "record \(sequence) was acknowledged and is lost")
            }
        }
        for record in found where promises.kept[record.sequence] == nil {
            guard promises.open.contains(record.members) || record.members == OpenedLog.members("probe") else {
                throw BrokenPromise(reason: "record \(record.sequence) was never appended: \(record.members)")
            }
        }
        try await log.append("probe")
        try await log.log.close()
        let after = try Findings(on: disk)
        guard after.violations.isEmpty, after.tornTails.isEmpty, after.sequences.count == found.count + 1 else {
            throw BrokenPromise(reason: "after opening: \(after.violations) \(after.tornTails)")
        }
    }

    @Test func acknowledgedRecordsSurviveAFailureOfEveryCall() async throws {
        var points = CrashPoints(
            makeLedger: { Ledger(Promises()) },
            workload: { try await Self.work(on: $0, $1) },
            verify: { try await Self.verify(on: $0, $1) }
        )
        points.recoveryPointCountMax = 2
        let report = try await points.explore()
        #expect(report.failureCount == 0, "\(report)")
        #expect(report.callCount > 60 && report.pointCount > 300, "\(report)")
    }

    /// Creating and rolling a log change names; each of them may survive without the others.
    @Test func namesMaySurviveInAnyMixture() async throws {
        for round in 0..<24 {
            var points = CrashPoints(
                makeLedger: { Ledger(Promises()) },
                workload: { disk, ledger in
                    let log = try OpenedLog(on: disk, Self.options)
                    await Self.append("long", 1_000, to: log, ledger)
                    await Self.append("rolls", 0, to: log, ledger)
                },
                verify: { try await Self.verify(on: $0, $1) }
            )
            points.modes = [.crashBefore, .crashAfter]
            points.seed &+= UInt64(round)
            let report = try await points.explore()
            #expect(report.failureCount == 0, "\(report)")
        }
    }
}
