import Disk
import Glibc
import Inspection
import JSON
import Store
import TestSupport
import Testing

@testable import Repair

/// `lost+found` in a data directory: of the file system, or with backups of an earlier build.
struct LostAndFoundTests {
    private static let now = Timestamp(microseconds: 1_795_900_000_000_000)

    private static func allFindings(_ disk: FaultDisk) throws -> [Finding] {
        var findings: [Finding] = []
        _ = try Check.run("data", on: disk) { findings.append($0) }
        return findings
    }

    /// Creates the directory that `mkfs` creates, which only root may read.
    private static func makeUnreadable(on disk: FaultDisk) throws {
        try disk.createDirectory("data/lost+found")
        disk.fail(.readdir, at: "data/lost+found", with: EACCES)
        disk.fail(.open, at: "data/lost+found", with: EACCES)
        disk.fail(nil, at: "data/lost+found/", with: EACCES)
    }

    @Test func unreadableDirectoryIsIgnoredWhenReading() async throws {
        let disk = try await DirectoryRepairTests.makeDisk()
        let before = try Self.allFindings(disk)
        try Self.makeUnreadable(on: disk)
        #expect(try Self.allFindings(disk) == before)
        #expect(try Report.read("data", on: disk).warnings == [])
        var reported: [Finding] = []
        let progress = try Export.run("telemetry", of: "data", on: disk) {
            reported.append($0)
        } visit: { _ in
        }
        #expect(progress.exportedCount == 10 && reported == [])
    }

    @Test func unreadableDirectoryIsIgnoredWhenServing() async throws {
        let disk = try await DirectoryRepairTests.makeDisk()
        try Self.makeUnreadable(on: disk)
        let store = try DirectoryRepairTests.open(disk)
        _ = try await store.collection("telemetry").insert(["key": "new"])
        try await store.maintain()
        try await store.close()
        #expect(try Self.allFindings(disk).filter { $0.severity != .note } == [])
    }

    @Test func unreadableDirectoryIsIgnoredWhenRepairing() async throws {
        let disk = try await DirectoryRepairTests.makeDisk()
        try Self.makeUnreadable(on: disk)
        #expect(try !Repair("data", on: disk).isNeeded)
        #expect(throws: RepairError.nothingToUndo("data")) { try Repair.undo("data", on: disk) }
        try DirectoryRepairTests.damageEverything(disk)
        let path = try Repair("data", on: disk).apply(at: Self.now)
        #expect(try Self.allFindings(disk).filter { $0.severity != .note } == [])
        #expect(try Repair.undo("data", on: disk) == path)
    }

    /// As ext4 fills it after a crash, for a user who may read it.
    @Test func recoveredFilesAreIgnored() async throws {
        let disk = try await DirectoryRepairTests.makeDisk()
        try disk.createDirectory("data/lost+found")
        try disk.createDirectory("data/lost+found/#12")
        try disk.publish(Array("recovered".utf8), at: "data/lost+found/#11")
        #expect(try Self.allFindings(disk).filter { $0.reason == .unknownEntry } == [])
        #expect(throws: RepairError.nothingToUndo("data")) { try Repair.undo("data", on: disk) }
    }

    @Test func backupOfAnEarlierBuildIsRestored() async throws {
        let disk = try await DirectoryRepairTests.makeDisk()
        try DirectoryRepairTests.damageEverything(disk)
        let isKept: (String) -> Bool = { $0.hasPrefix("data/collections") && !$0.hasSuffix(".idx") }
        let before = DirectoryRepairTests.files(disk).filter { isKept($0.key) }
        let path = try Repair("data", on: disk).apply(at: Self.now)
        let earlierPath = "data/lost+found/\(Self.now)"
        for file in disk.paths where file.hasPrefix(path) && disk.bytes(of: file) != nil {
            let target = earlierPath + file.dropFirst(path.count)
            try disk.ensureDirectory(disk.directory(of: target))
            try disk.rename(file, to: target)
        }
        #expect(try Repair.undo("data", on: disk) == earlierPath)
        #expect(DirectoryRepairTests.files(disk).filter { isKept($0.key) } == before)
        #expect(throws: RepairError.nothingToUndo("data")) { try Repair.undo("data", on: disk) }
    }

    @Test func newestBackupOfBothDirectoriesIsRestored() async throws {
        let disk = try await DirectoryRepairTests.makeDisk()
        try DirectoryRepairTests.damageEverything(disk)
        let path = try Repair("data", on: disk).apply(at: Self.now)
        let earlierPath = "data/lost+found/\(Self.now.advanced(by: .seconds(-1)))"
        try disk.ensureDirectory(earlierPath)
        try disk.publish(try #require(disk.bytes(of: "\(path)/repair.json")), at: "\(earlierPath)/repair.json")
        #expect(try Repair.undo("data", on: disk) == path)
    }
}
