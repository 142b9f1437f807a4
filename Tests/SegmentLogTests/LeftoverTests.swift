internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

/// Files of a crash in the directory of a log: those that opening removes, and those that it must not remove.
struct LeftoverTests {
    static let leftovers = [
        // Being written.
        "00000000000000000001-1.jsonl.zst.new", "00000000000000000001.idx.new", "00000000000000000007.jsonl.zst.new",
        // Written and not listed yet, or not any more.
        "00000000000000000001-1.jsonl.zst", "00000000000000000001-1.idx", "00000000000000000007.jsonl.zst",
        "00000000000000000007.idx",
        // Sealed since.
        "00000000000000000001.jsonl", "00000000000000000004.jsonl",
    ]

    @Test(arguments: leftovers)
    func leftoverOfACrashIsRemoved(_ name: String) async throws {
        let sealed = try await SealedLog([3, 3])
        try sealed.disk.put([1, 2, 3], at: "clients/\(name)")
        #expect(try Findings(on: sealed.disk).violations.isEmpty)
        let again = try OpenedLog(on: sealed.disk, SealedLog.options)
        #expect(again.recovery.removedPaths == ["clients/\(name)"])
        #expect(!sealed.disk.paths.contains("clients/\(name)"))
        #expect(try SealedLog.contents(of: sealed.disk) == sealed.log.applied.map(\.members))
    }

    @Test func indexOfASealedSegmentIsKept() async throws {
        let sealed = try await SealedLog([3])
        let path = "clients/\(SegmentName.make(1, .index))"
        try sealed.disk.put([1], at: path)
        #expect(try OpenedLog(on: sealed.disk, SealedLog.options).recovery.removedPaths.isEmpty)
        #expect(sealed.disk.paths.contains(path))
    }

    @Test func plainSegmentAfterTheActiveOneStopsOpening() async throws {
        let sealed = try await SealedLog([3])
        let stranger = SegmentText(first: 90, batchSizes: [1])
        try sealed.disk.put(stranger.bytes, at: stranger.path)
        #expect(throws: StorageError.self) { try OpenedLog(on: sealed.disk, SealedLog.options) }
        #expect(sealed.disk.paths.contains(stranger.path))
    }

    /// The manifest of a backup lists a plain segment that was sealed since: it must not cause the removal of files.
    @Test func oldManifestRemovesNoFiles() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk, SealedLog.options)
        for id in 0..<3 { try await log.append("a\(id)") }
        try await log.log.roll()
        let old = try #require(disk.bytes(of: "clients/manifest.json"))
        try await log.log.sealAll()
        try disk.replaceBytes(of: "clients/manifest.json", with: old)
        let paths = disk.paths
        #expect(throws: StorageError.self) { try OpenedLog(on: disk, SealedLog.options) }
        #expect(disk.paths == paths)
    }
}
