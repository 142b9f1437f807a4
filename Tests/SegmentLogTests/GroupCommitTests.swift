internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

struct GroupCommitTests {
    static let path = "clients/\(SegmentName.make(1))"

    @Test func appendsDuringASyncShareTheNext() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        let before = disk.synchronizationCount(of: Self.path)
        let results = await log.appendTogether("a0", then: (1...40).map { "a\($0)" }, on: disk)
        #expect(results.values.allSatisfy { if case .success = $0 { true } else { false } })
        #expect(disk.synchronizationCount(of: Self.path) - before == 2)
        #expect(disk.mutations.count { $0.call == .pwrite && $0.path == Self.path } == 2)
        #expect(log.log.statistics.commitCount == 2 && log.log.statistics.recordCount == 41)
        #expect(log.applied.map(\.batch) == [1] + [UInt64](repeating: 2, count: 40))
        #expect(try OpenedLog(on: disk.powerCut(keeping: .nothing)).applied == log.applied)
    }

    @Test func concurrentProducersNeedFewerSyncsThanRecords() async throws {
        let directory = try TemporaryDirectory()
        let log = try OpenedLog(on: PosixDisk(), OpenedLog.options { $0.directory = directory.path + "/clients" })
        try await withThrowingTaskGroup { group in
            for producer in 0..<32 {
                group.addTask { for id in 0..<20 { try await log.append("\(producer)-\(id)") } }
            }
            try await group.waitForAll()
        }
        let statistics = log.log.statistics
        #expect(statistics.recordCount == 640)
        #expect(statistics.commitCount < 320, "\(statistics.commitCount) syncs")
        #expect(log.applied.map(\.sequence) == Array(1...640))
        for producer in 0..<32 {
            let own = log.applied.map(\.members).filter { $0.contains(#""id":"\#(producer)-"#) }
            #expect(own == (0..<20).map { OpenedLog.members("\(producer)-\($0)") }, "the order of a producer is kept")
        }
    }

    /// Applying is slow here, so that an appender that is resumed too early would be noticed.
    @Test func recordIsAppliedBeforeItsAppenderIsResumed() async throws {
        let isAcknowledged = Ledger(false)
        let isEarly = Ledger(false)
        let (log, _) = try SegmentLog.open(OpenedLog.options(), on: FaultDisk()) { _ in
            for _ in 0..<50_000 where isAcknowledged.entries { isEarly.enter { $0 = true } }
        }
        _ = try await log.append { _, _, buffer in buffer += Array(#""op":1"#.utf8) }
        isAcknowledged.enter { $0 = true }
        try await log.close()
        #expect(!isEarly.entries)
    }

    @Test func recordIsAppliedAfterItsSync() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        let appliedAtSync = Ledger<[Int]>([])
        disk.beforeEachCall { call, _ in
            if call == .fdatasync { appliedAtSync.enter { $0.append(log.applied.count) } }
        }
        for id in 0..<3 { try await log.append("a\(id)") }
        #expect(appliedAtSync.entries == [0, 1, 2])
    }

    @Test func fullBatchIsFollowedByTheNext() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk, OpenedLog.options { $0.batchByteCountMax = 300 })
        _ = await log.appendTogether("a0", then: (1...7).map { "a\($0)" }, on: disk)
        #expect(log.applied.map(\.batch) == [1, 2, 2, 2, 5, 5, 5, 8])
        #expect(try OpenedLog(on: disk).applied == log.applied)
    }

    @Test func tooLargeRecordIsNotInItsBatch() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk, OpenedLog.options { $0.recordByteCountMax = 300 })
        let tooLong = String(repeating: "x", count: 300)
        let results = await log.appendTogether("a0", then: ["a1", tooLong, "a2"], on: disk)
        #expect(throws: StorageError.self) { try results[tooLong]?.get() }
        #expect(log.applied.count == 3)
        #expect(try OpenedLog(on: disk).applied == log.applied)
    }

    @Test func waitingBatchesRollAFullSegment() async throws {
        let disk = FaultDisk()
        let options = OpenedLog.options {
            $0.batchByteCountMax = 200
            $0.segmentByteCountMax = 300
        }
        let log = try OpenedLog(on: disk, options)
        _ = await log.appendTogether("a0", then: (1...7).map { "a\($0)" }, on: disk)
        #expect(log.applied.map(\.pointer.segment) == [1, 1, 1, 4, 4, 4, 4, 8])
        #expect(try OpenedLog(on: disk.powerCut(keeping: .nothing), options).applied == log.applied)
    }

    /// Closes while a group is being synced and another one waits.
    @Test func closingWaitsForPendingAppends() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        let sync = HeldSync(on: disk)
        async let first = log.append("a1")
        await sync.untilReached()
        async let closing: Void = log.log.close()
        sync.release()
        _ = try await first
        try await closing
        let bytes = try #require(disk.bytes(of: "clients/manifest.json"))
        #expect(try Manifest.open(bytes, name: "clients").active.byteCount == log.log.statistics.byteCount)
    }
}
