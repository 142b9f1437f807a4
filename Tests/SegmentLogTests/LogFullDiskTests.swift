internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

/// On a full disk, appends fail without an effect, and succeed again when there is space.
struct LogFullDiskTests {
    static let path = "clients/\(SegmentName.make(1))"
    static let noSpace: Int32 = 28

    static func isNoSpace(_ error: StorageError?) -> Bool {
        error?.isNoSpace ?? false
    }

    /// The disk is full at each byte of a record in turn.
    @Test func refusedRecordIsCutOffAtEveryByte() async throws {
        var space: Int64 = 0
        while true {
            let disk = FaultDisk()
            let log = try OpenedLog(on: disk)
            let pointer = try await log.append("a1")
            guard space < pointer.byteCount else { break }
            let whole = try #require(disk.bytes(of: Self.path))
            let used = disk.paths.compactMap { disk.bytes(of: $0)?.count }.reduce(0, +)
            disk.byteCountMax = Int64(used) + space
            #expect(Self.isNoSpace(await log.refusal("a2")), "space for \(space) bytes")
            #expect(disk.durableBytes(of: Self.path) == whole && disk.bytes(of: Self.path) == whole)
            #expect(log.log.statistics.noSpace != nil && log.log.statistics.latch == nil)
            disk.byteCountMax = nil
            try await log.append("a3")
            #expect(log.log.statistics.noSpace == nil)
            let again = try OpenedLog(on: disk.powerCut(keeping: .nothing))
            #expect(again.applied == log.applied)
            #expect(again.applied.map(\.members) == ["a1", "a3"].map { OpenedLog.members($0) })
            #expect(again.recovery.tornTail == nil)
            space += 1
        }
        #expect(space > 100)
    }

    /// Otherwise a crash could mix the cut bytes with those that are written in their place.
    @Test func cutIsSyncedBeforeTheNextWrite() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        disk.fail(.pwrite, with: Self.noSpace, times: 1)
        #expect(Self.isNoSpace(await log.refusal("a1")))
        #expect(disk.mutations.suffix(3).map(\.call) == [.pwrite, .ftruncate, .fdatasync])
    }

    @Test func readsContinueOnAFullDisk() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        let pointer = try await log.append("a1")
        disk.byteCountMax = 0
        #expect(Self.isNoSpace(await log.refusal("a2")))
        #expect(try log.log.read(pointer).count == Int(pointer.byteCount))
    }

    @Test func appendsAfterAFailedGroupFail() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        try await log.append("a1")
        disk.fail(.pwrite, at: ".jsonl", with: Self.noSpace, after: 1, times: 1)
        let results = await log.appendTogether("a2", then: ["a3", "a4"], on: disk)
        #expect(try results["a2"]?.get().segment == 1)
        for id in ["a3", "a4"] {
            #expect(throws: StorageError.self, "\(id)") { try results[id]?.get() }
        }
        try await log.append("a5")
        #expect(log.applied.map(\.sequence) == [1, 2, 3])
        #expect(try OpenedLog(on: disk.powerCut(keeping: .nothing)).applied == log.applied)
    }

    /// If any call of rolling finds no space, the log continues at the same position, and rolls when there is space.
    @Test(arguments: [("pwrite", DiskError.Call.pwrite), ("open", .open), ("rename", .rename), ("unlink", .unlink)])
    func failedRollIsRepeated(name: String, call: DiskError.Call) async throws {
        let disk = FaultDisk()
        let options = OpenedLog.options { $0.segmentByteCountMax = 1 }
        let log = try OpenedLog(on: disk, options)
        try await log.append("a1")
        if call == .unlink { try disk.put([1], at: "clients/manifest.json.new") }
        disk.fail(call, at: "clients/", with: Self.noSpace, times: 2)
        for id in ["a2", "a3"] { #expect(Self.isNoSpace(await log.refusal(id)), "\(name) \(id)") }
        try await log.append("a4")
        #expect(log.applied.map(\.pointer.segment) == [1, 2])
        #expect(try OpenedLog(on: disk.powerCut(keeping: .nothing), options).applied == log.applied)
    }

    /// Many connections may use all descriptors when a segment is full.
    @Test func rollWithoutADescriptorIsRepeated() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk, OpenedLog.options { $0.segmentByteCountMax = 1 })
        try await log.append("a1")
        disk.fail(.open, with: 24, times: 1)
        let path = "clients/\(SegmentName.make(2))"
        #expect(await log.refusal("a2") == .disk(DiskError(call: .open, path: path, code: 24)))
        try await log.append("a3")
        #expect(log.log.statistics.latch == nil && log.log.statistics.noSpace == nil)
        #expect(log.applied.map(\.pointer.segment) == [1, 2])
    }

    /// The second group finds no space in the segment that was just begun for it.
    @Test func newSegmentIsReused() async throws {
        let disk = FaultDisk()
        let options = OpenedLog.options { $0.segmentByteCountMax = 1 }
        let log = try OpenedLog(on: disk, options)
        try await log.append("a1")
        disk.fail(.pwrite, at: "00002.jsonl", with: Self.noSpace, times: 1)
        #expect(Self.isNoSpace(await log.refusal("a2")))
        try await log.append("a3")
        #expect(log.applied.map(\.pointer.segment) == [1, 2])
        #expect(log.log.statistics.segmentCount == 2)
        #expect(try OpenedLog(on: disk.powerCut(keeping: .nothing), options).applied == log.applied)
    }

    @Test func closingOnAFullDiskKeepsAllRecords() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        try await log.append("a1")
        disk.byteCountMax = 0
        var error: StorageError?
        do throws(StorageError) { try await log.log.close() } catch let caught { error = caught }
        #expect(Self.isNoSpace(error))
        #expect(try OpenedLog(on: disk.powerCut(keeping: .nothing)).applied == log.applied)
    }
}
