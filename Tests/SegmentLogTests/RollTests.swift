internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

struct RollTests {
    @Test func rollingBeginsASegment() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        try await log.append("a1")
        try await log.log.roll()
        #expect(log.log.segments.map(\.form) == [.closed, .active])
        try await log.append("a2")
        #expect(log.applied.map(\.pointer.segment) == [1, 2])
        #expect(try OpenedLog(on: disk.powerCut(keeping: .nothing)).applied == log.applied)
    }

    @Test func emptySegmentIsNotRolled() async throws {
        let log = try OpenedLog(on: FaultDisk())
        try await log.log.roll()
        #expect(log.log.segments.count == 1)
        try await log.append("a1")
        for _ in 0..<3 { try await log.log.roll() }
        #expect(log.log.segments.count == 2 && log.log.statistics.segmentCount == 2)
    }

    @Test func refusedRecordDoesNotPreventARoll() async throws {
        let log = try OpenedLog(on: FaultDisk(), OpenedLog.options { $0.recordByteCountMax = 300 })
        try await log.append("a1")
        async let rolled: Void = log.log.roll()
        #expect(await log.refusal("a2", byteCount: 400) != nil)
        try await rolled
        #expect(log.log.segments.map(\.id) == [1, 2])
    }

    @Test func rollWithoutSpaceIsRepeated() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        try await log.append("a1")
        disk.fail(.open, at: "00002.jsonl", with: 28, times: 1)
        await #expect(throws: StorageError.self) { try await log.log.roll() }
        try await log.append("a2")
        #expect(log.applied.map(\.pointer.segment) == [1, 1])
        try await log.log.roll()
        #expect(log.log.segments.map(\.id) == [1, 3])
        #expect(try OpenedLog(on: disk.powerCut(keeping: .nothing)).applied == log.applied)
    }

    @Test func rollWithoutADescriptorThrows() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        try await log.append("a1")
        disk.fail(.open, at: "00002.jsonl", with: 24, times: 1)
        let error = DiskError(call: .open, path: "clients/\(SegmentName.make(2))", code: 24)
        await #expect(throws: StorageError.disk(error)) { try await log.log.roll() }
        try await log.log.roll()
        #expect(log.log.segments.map(\.id) == [1, 2])
    }

    @Test func closingIsReported() async throws {
        let count = Ledger(0)
        let log = try OpenedLog(
            on: FaultDisk(),
            OpenedLog.options { options in
                options.segmentByteCountMax = 300
                options.didClose = { count.enter { $0 += 1 } }
            }
        )
        for id in 0..<7 { try await log.append("a\(id)") }
        #expect(count.entries == 2)
        try await log.log.roll()
        #expect(count.entries == 3)
    }

    @Test func manyRecordsAreOneGroup() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        let before = log.log.statistics.commitCount
        try await log.log.append(count: 50) { position, _, output in
            output += OpenedLog.members("a\(position)").utf8
        }
        #expect(log.log.statistics.commitCount == before + 1)
        #expect(log.applied.map(\.members) == (0..<50).map { OpenedLog.members("a\($0)") })
        #expect(Set(log.applied.map(\.batch)) == [1])
        #expect(try OpenedLog(on: disk.powerCut(keeping: .nothing)).applied == log.applied)
    }

    @Test func tooLongRecordRefusesItsGroup() async throws {
        let log = try OpenedLog(on: FaultDisk(), OpenedLog.options { $0.recordByteCountMax = 300 })
        await #expect(throws: StorageError.self) {
            try await log.log.append(count: 5) { position, _, output in
                output += OpenedLog.members("a\(position)", position == 3 ? 400 : 0).utf8
            }
        }
        #expect(log.applied.isEmpty)
        let pointer = try await log.append("b")
        #expect(pointer.offset == 0 && log.applied.map(\.sequence) == [1])
    }
}
