internal import Disk
internal import JSON
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

struct SegmentLogTests {
    @Test func recordIsReadBackAsTheDocumentedLine() async throws {
        let log = try OpenedLog(on: FaultDisk())
        try await log.log.append { position, at, buffer in
            buffer += #""op":"put","id":"\#(position)","doc":{"at":"\#(at)"}"#.utf8
        }
        let pointer = try #require(log.applied.first).pointer
        let line = String(decoding: try log.log.read(pointer), as: UTF8.self)
        #expect(
            line.hasPrefix(
                #"{"seq":1,"batch":1,"at":"2026-11-23T19:16:04.000000Z","op":"put","id":"0","#
                    + #""doc":{"at":"2026-11-23T19:16:04.000000Z"},"xxh3":""#
            )
        )
        #expect(line.utf8.count == Int(pointer.byteCount))
    }

    @Test func sequencesHaveNoGap() async throws {
        let log = try OpenedLog(on: FaultDisk())
        for id in 1...5 { try await log.append("a\(id)") }
        #expect(log.applied.map(\.sequence) == Array(1...5))
        #expect(log.applied.map(\.members) == (1...5).map { OpenedLog.members("a\($0)") })
    }

    @Test func timeIncreasesWithAConstantClock() async throws {
        let log = try OpenedLog(on: FaultDisk())
        for id in 1...3 { try await log.append("a\(id)") }
        #expect(log.applied.map(\.at.microseconds) == (0..<3).map { 1_795_461_364_000_000 + $0 })
    }

    @Test(arguments: [1, 5])
    func anAppendReturnsTheTimeOfItsLastRecord(_ count: Int) async throws {
        let log = try OpenedLog(on: FaultDisk())
        try await log.append("a0")
        let composed = Ledger<[Timestamp]>([])
        let time = try await log.log.append(count: count) { position, at, output in
            composed.enter { $0.append(at) }
            output += OpenedLog.members("b\(position)").utf8
        }
        #expect(composed.entries.count == count && composed.entries == log.applied.dropFirst().map(\.at))
        #expect(time == composed.entries.last)
    }

    @Test func timeIncreasesAcrossReopening() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk, OpenedLog.options { $0.clock = { Timestamp(microseconds: 1_000) } })
        try await log.append("a1")
        let again = try OpenedLog(on: disk, OpenedLog.options { $0.clock = { Timestamp(microseconds: 3) } })
        try await again.append("a2")
        #expect(again.applied.map(\.at.microseconds) == [1_000, 1_001])
    }

    @Test func reopeningReplaysEveryRecord() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        for id in 1...4 { try await log.append("a\(id)") }
        try await log.log.close()
        let again = try OpenedLog(on: disk)
        #expect(again.applied == log.applied)
        #expect(again.recovery.recordCount == 4 && again.recovery.tornTail == nil)
        #expect(again.log.statistics.lastSequence == 4)
        try await again.append("a5")
        #expect(again.applied.map(\.sequence) == Array(1...5))
    }

    @Test func acknowledgedRecordSurvivesAPowerCut() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        for id in 1...3 { try await log.append("a\(id)") }
        let again = try OpenedLog(on: disk.powerCut(keeping: .nothing))
        #expect(again.applied == log.applied)
    }

    @Test func fullSegmentIsFollowedByTheNext() async throws {
        let disk = FaultDisk()
        let options = OpenedLog.options { $0.segmentByteCountMax = 400 }
        let log = try OpenedLog(on: disk, options)
        for id in 1...9 { try await log.append("a\(id)") }
        #expect(log.applied.map(\.pointer.segment) == [1, 1, 1, 1, 5, 5, 5, 5, 9])
        #expect(log.log.statistics.segmentCount == 3)
        for record in log.applied {
            let line = String(decoding: try log.log.read(record.pointer), as: UTF8.self)
            #expect(line.contains(record.members))
        }
        let again = try OpenedLog(on: disk.powerCut(keeping: .nothing), options)
        #expect(again.applied == log.applied)
        #expect(again.log.statistics == withCommitCount(0, of: log.log.statistics))
    }

    func withCommitCount(_ count: UInt64, of statistics: LogStatistics) -> LogStatistics {
        var statistics = statistics
        statistics.commitCount = count
        return statistics
    }

    @Test func manifestContainsTheChecksumsOfClosedSegments() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk, OpenedLog.options { $0.segmentByteCountMax = 300 })
        for id in 1...7 { try await log.append("a\(id)") }
        try await log.log.close()
        let bytes = try #require(disk.bytes(of: "clients/manifest.json"))
        let manifest = try Manifest.open(bytes, name: "clients")
        #expect(manifest.closed.map(\.first) == [1, 4])
        #expect(manifest.closed.map(\.last) == [3, 6])
        #expect(manifest.active == Manifest.Active(first: 7, byteCount: Int64(log.applied[6].pointer.byteCount)))
        for closed in manifest.closed {
            let file = try #require(disk.bytes(of: "clients/\(SegmentName.make(closed.id))"))
            let digest = XXH3Digest()
            file.withUnsafeBytes { digest.update($0) }
            #expect(closed.byteCount == Int64(file.count) && closed.digest == digest.hex)
        }
    }

    @Test func tooLargeRecordLeavesNoGap() async throws {
        let log = try OpenedLog(on: FaultDisk(), OpenedLog.options { $0.recordByteCountMax = 200 })
        try await log.append("a1")
        let byteCount = try await Int(OpenedLog(on: FaultDisk()).append("a2", byteCount: 500).byteCount)
        #expect(await log.refusal("a2", byteCount: 500) == .recordTooLarge(byteCount: byteCount, byteCountMax: 200))
        try await log.append("a3")
        #expect(log.applied.map(\.sequence) == [1, 2])
    }

    @Test func closedLogRefusesAppends() async throws {
        let log = try OpenedLog(on: FaultDisk())
        let pointer = try await log.append("a1")
        try await log.log.close()
        #expect(await log.refusal("a2") == .closed)
        #expect(try log.log.read(pointer).count == Int(pointer.byteCount))
    }

    @Test func closingTwiceHasNoEffect() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        try await log.append("a1")
        try await log.log.close()
        let count = disk.mutationCount
        try await log.log.close()
        #expect(disk.mutationCount == count)
    }

    @Test func readingDamagedBytesThrows() async throws {
        let disk = FaultDisk()
        let writing = try OpenedLog(on: disk)
        let pointers = [try await writing.append("a1"), try await writing.append("a2")]
        try await writing.log.close()
        // A log has the records that it has written in memory.
        let log = try OpenedLog(on: disk)
        try disk.flipBit((Int(pointers[1].offset) + 80) * 8, of: "clients/00000000000000000001.jsonl")
        let corruption = Corruption(
            path: "clients/00000000000000000001.jsonl",
            offset: Int64(pointers[1].offset),
            sequence: nil,
            reason: .checksumMismatch
        )
        #expect(throws: StorageError.corrupt(corruption)) { try log.log.read(pointers[1]) }
        #expect(try log.log.read(pointers[0]).count == Int(pointers[0].byteCount))
    }

    @Test func readingAtAnInvalidPlaceThrows() async throws {
        let log = try OpenedLog(on: FaultDisk())
        let pointer = try await log.append("a1")
        for wrong in [
            RecordPointer(segment: 1, offset: 1, byteCount: pointer.byteCount - 1),
            RecordPointer(segment: 1, offset: 0, byteCount: pointer.byteCount - 1),
            RecordPointer(segment: 1, offset: 1 << 30, byteCount: 100),
            RecordPointer(segment: 1, offset: 0, byteCount: 0),
            RecordPointer(segment: 1, offset: 0, byteCount: .max),
            RecordPointer(segment: 2, offset: 0, byteCount: 100),
        ] {
            #expect(throws: StorageError.self) { try log.log.read(wrong) }
        }
    }

    @Test func manySegmentsNeedFewDescriptors() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk, OpenedLog.options { $0.segmentByteCountMax = 1 })
        for id in 1...200 { try await log.append("a\(id)") }
        for record in log.applied { _ = try log.log.read(record.pointer) }
        #expect(log.log.statistics.segmentCount == 200)
        #expect(disk.openDescriptorCount <= 129)
    }
}
