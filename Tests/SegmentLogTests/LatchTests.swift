internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

/// After a failed write or sync, the content on the disk is unknown, so no more is written.
struct LatchTests {
    static let path = "clients/\(SegmentName.make(1))"
    static let ioError: Int32 = 5

    @Test(arguments: [5, 28] as [Int32])
    func failedSyncLatches(code: Int32) async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        let pointer = try await log.append("a1")
        disk.fail(.fdatasync, at: ".jsonl", with: code, times: 1)
        let error = DiskError(call: .fdatasync, path: Self.path, code: code)
        #expect(await log.refusal("a2") == OpenedLog.latched(error))
        let count = disk.mutationCount
        #expect(await log.refusal("a3") == OpenedLog.latched(error))
        await #expect(throws: OpenedLog.latched(error)) { try await log.log.close() }
        #expect(disk.mutationCount == count, "a failed sync is never repeated")
        #expect(log.log.statistics.latch?.cause == error && log.log.statistics.recordCount == 1)
        #expect(log.applied.count == 1)
        #expect(try log.log.read(pointer).count == Int(pointer.byteCount))
    }

    @Test func failedWriteLatches() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        try await log.append("a1")
        disk.fail(.pwrite, with: Self.ioError, times: 1)
        let error = DiskError(call: .pwrite, path: Self.path, code: Self.ioError)
        #expect(await log.refusal("a2") == OpenedLog.latched(error))
        #expect(await log.refusal("a3") == OpenedLog.latched(error))
        let again = try OpenedLog(on: disk.processKill())
        #expect(again.applied == log.applied)
        #expect(again.recovery.tornTail != nil)
    }

    @Test(arguments: [DiskError.Call.ftruncate, .fdatasync])
    func failedCutLatches(call: DiskError.Call) async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        try await log.append("a1")
        disk.fail(.pwrite, with: 28, times: 1)
        disk.fail(call, with: Self.ioError, times: 1)
        let error = DiskError(call: call, path: Self.path, code: Self.ioError)
        #expect(await log.refusal("a2") == OpenedLog.latched(error))
        #expect(await log.refusal("a3") == OpenedLog.latched(error))
    }

    @Test(arguments: [("fsync", DiskError.Call.fsync), ("fdatasync", .fdatasync), ("rename", .rename)])
    func failedRollLatches(name: String, call: DiskError.Call) async throws {
        let disk = FaultDisk()
        let options = OpenedLog.options { $0.segmentByteCountMax = 1 }
        let log = try OpenedLog(on: disk, options)
        try await log.append("a1")
        disk.fail(call, with: Self.ioError, times: 1)
        guard case .latched(let latch) = await log.refusal("a2") else {
            Issue.record("\(name) did not latch")
            return
        }
        #expect(latch.cause.call == call)
        #expect(await log.refusal("a3") == .latched(latch))
        let again = try OpenedLog(on: disk.powerCut(keeping: .nothing), options)
        #expect(again.applied == log.applied)
    }

    @Test func appendsAfterAFailedSyncFail() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        disk.fail(.fdatasync, at: ".jsonl", with: Self.ioError, times: 1)
        let results = await log.appendTogether("a1", then: ["a2", "a3"], on: disk)
        let error = OpenedLog.latched(DiskError(call: .fdatasync, path: Self.path, code: Self.ioError))
        for id in ["a1", "a2", "a3"] { #expect(results[id] == .failure(error)) }
        #expect(log.applied.isEmpty)
    }

    @Test func reopenedLogAcceptsRecords() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        try await log.append("a1")
        disk.fail(.fdatasync, with: Self.ioError, times: 1)
        _ = await log.refusal("a2")
        let restarted = disk.processKill()
        let again = try OpenedLog(on: restarted)
        try await again.append("a3")
        #expect(again.applied.map(\.sequence) == [1, 2, 3])
        #expect(try OpenedLog(on: restarted.powerCut(keeping: .nothing)).applied == again.applied)
    }
}
