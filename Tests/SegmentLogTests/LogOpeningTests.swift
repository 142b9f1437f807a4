internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

struct LogOpeningTests {
    static let directory = SegmentText.directory
    /// Records 1–3, 4–6 and 7–9, the last segment active.
    static let segments = [1, 4, 7].map { SegmentText(first: $0, batchSizes: [2, 1]) }

    /// Returns the error of opening a log that was not closed, after `change`.
    static func refusal(
        of segments: [SegmentText] = segments,
        _ change: (FaultDisk) throws -> Void
    ) throws -> StorageError? {
        let disk = FaultDisk()
        try disk.put(segments)
        try change(disk)
        let before = disk.paths.map { disk.bytes(of: $0) }
        do {
            _ = try OpenedLog(on: disk)
            return nil
        } catch let error as StorageError {
            #expect(disk.paths.map { disk.bytes(of: $0) } == before, "corruption is never repaired")
            return error
        }
    }

    static func corruption(_ first: SegmentID, _ reason: Corruption.Reason) -> StorageError {
        let path = "\(directory)/\(SegmentName.make(first))"
        return .corrupt(Corruption(path: path, offset: 0, sequence: first.first, reason: reason))
    }

    @Test func segmentsAreReplayedInOrder() throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        let log = try OpenedLog(on: disk)
        #expect(log.applied.map(\.sequence) == Array(1...9))
        #expect(log.recovery.segmentCount == 3)
        #expect(log.recovery.byteCount == Int64(Self.segments.map(\.bytes.count).reduce(0, +)))
    }

    @Test func tornTailIsCutOff() async throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        let active = Self.segments[2]
        try disk.replaceBytes(of: active.path, with: active.bytes + Array(#"{"seq":10,"ba"#.utf8))
        let log = try OpenedLog(on: disk)
        let end = Int64(active.bytes.count)
        #expect(log.recovery.tornTail == TornTail(path: active.path, offset: end, byteCount: 13))
        #expect(disk.durableBytes(of: active.path) == active.bytes)
        try await log.append("a10")
        #expect(try OpenedLog(on: disk.powerCut(keeping: .nothing)).applied.map(\.sequence) == Array(1...10))
    }

    /// The page cache shows a record whose sync has failed, and no later sync would write it: open writes it again.
    @Test func replayedRecordsAreDurable() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        try await log.append("a1")
        disk.fail(.fdatasync, with: 5, times: 1)
        #expect(await log.refusal("a2") != nil)
        let restarted = disk.processKill()
        #expect(try OpenedLog(on: restarted).applied.map(\.sequence) == [1, 2])
        #expect(try OpenedLog(on: restarted.powerCut(keeping: .nothing)).applied.map(\.sequence) == [1, 2])
    }

    @Test func everyFlippedBitStopsOpening() throws {
        let segments = [SegmentText(first: 1, batchSizes: [1]), SegmentText(first: 2, batchSizes: [1, 1])]
        for segment in segments {
            for bit in 0..<segment.bytes.count * 8 {
                let error = try Self.refusal(of: segments) { try $0.flipBit(bit, of: segment.path) }
                guard case .corrupt(let corruption) = error else {
                    Issue.record("bit \(bit) of \(segment.path): \(String(describing: error))")
                    continue
                }
                #expect(corruption.path == segment.path && corruption.offset <= Int64(bit / 8))
            }
        }
    }

    @Test func missingSegmentStopsOpening() throws {
        for first: SegmentID in [1, 4, 7] {
            let error = try Self.refusal { try $0.remove("clients/\(SegmentName.make(first))") }
            #expect(error == Self.corruption(first, .missingSegment))
        }
    }

    @Test func unlistedSegmentStopsOpening() throws {
        for first: SegmentID in [3, 10] {
            let stranger = SegmentText(first: first.first, batchSizes: [1])
            let error = try Self.refusal { try $0.put(stranger.bytes, at: stranger.path) }
            #expect(error == Self.corruption(first, .unlistedSegment))
        }
    }

    @Test func emptySegmentBeforeTheActiveOneStopsOpening() throws {
        let error = try Self.refusal { try $0.put([], at: "clients/\(SegmentName.make(3))") }
        #expect(error == Self.corruption(3, .unlistedSegment))
    }

    @Test func emptySegmentAfterTheActiveOneIsRemoved() throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        let path = "clients/\(SegmentName.make(10))"
        try disk.put([], at: path)
        #expect(try OpenedLog(on: disk).recovery.removedPaths == [path])
        #expect(!disk.powerCut(keeping: .nothing).paths.contains { $0.contains("10.jsonl") })
    }

    @Test func recordsWithoutAManifestStopOpening() throws {
        let error = try Self.refusal { try $0.remove("clients/manifest.json") }
        let path = "clients/manifest.json"
        #expect(error == .corrupt(Corruption(path: path, offset: 0, sequence: nil, reason: .missingManifest)))
    }

    @Test func damagedManifestStopsOpening() throws {
        let error = try Self.refusal { try $0.flipBit(80, of: "clients/manifest.json") }
        let path = "clients/manifest.json"
        #expect(error == .corrupt(Corruption(path: path, offset: 0, sequence: nil, reason: .checksumMismatch)))
    }

    @Test func otherFilesAreUnchanged() throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        try disk.put([1], at: "clients/notes.txt")
        #expect(try OpenedLog(on: disk).applied.count == 9)
        #expect(disk.bytes(of: "clients/notes.txt") == [1])
    }

    @Test func failingDiskIsNotCorruption() throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        disk.fail(.pread, at: "00004.jsonl", with: 5)
        #expect(
            throws: StorageError.disk(DiskError(call: .pread, path: "clients/\(SegmentName.make(4))", code: 5))
        ) { try OpenedLog(on: disk) }
    }
}
