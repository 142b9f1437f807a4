import Catalog
import Disk
import Glibc
import Index
import JSON
import Store
import TestSupport
import Testing

@testable import ledge

struct ExportTargetTests {
    private let disk = FaultDisk()

    @Test func fileAppearsWhenItIsComplete() throws {
        let target = try ExportTarget("x.jsonl", replaces: false, on: disk)
        try Self.write(["one", "two"], to: target)
        #expect(disk.bytes(of: "x.jsonl") == nil)
        try target.finish()
        #expect(disk.durableBytes(of: "x.jsonl") == Array("one\ntwo\n".utf8))
        #expect(disk.paths.filter { $0.hasPrefix("x") } == ["x.jsonl"])
    }

    /// The lines fill several buffers, and one line is longer than a buffer.
    @Test func linesKeepTheirOrder() throws {
        let lines = (0..<20_000).map { "line \($0)" } + [String(repeating: "x", count: 1 << 20), "last"]
        let target = try ExportTarget("x.jsonl", replaces: false, on: disk)
        try Self.write(lines, to: target)
        try target.finish()
        #expect(disk.bytes(of: "x.jsonl") == Array(lines.map { $0 + "\n" }.joined().utf8))
    }

    @Test func emptyExportIsAnEmptyFile() throws {
        try ExportTarget("x.jsonl", replaces: false, on: disk).finish()
        #expect(disk.durableBytes(of: "x.jsonl") == [])
    }

    @Test(arguments: ["x.jsonl", "x.jsonl.new"])
    func fileIsReplacedOnlyIfRequested(_ path: String) throws {
        try disk.publish(Array("old".utf8), at: path)
        #expect(throws: CommandFailure.self) { try ExportTarget("x.jsonl", replaces: false, on: disk) }
        #expect(disk.bytes(of: path) == Array("old".utf8))
        let target = try ExportTarget("x.jsonl", replaces: true, on: disk)
        try Self.write(["new"], to: target)
        try target.finish()
        #expect(disk.paths.filter { $0.hasPrefix("x") } == ["x.jsonl"])
        #expect(disk.durableBytes(of: "x.jsonl") == Array("new\n".utf8))
    }

    @Test(arguments: [false, true])
    func directoryIsNotReplaced(_ replaces: Bool) throws {
        try disk.createDirectory("x")
        #expect(throws: CommandFailure.self) { try ExportTarget("x", replaces: replaces, on: disk) }
    }

    @Test func fullDiskKeepsTheExistingFile() throws {
        try disk.publish(Array("old".utf8), at: "x.jsonl")
        disk.byteCountMax = 1_000
        let target = try ExportTarget("x.jsonl", replaces: true, on: disk)
        let line = String(repeating: "x", count: 1 << 20)
        #expect(throws: CommandFailure.self) { try Self.write([line], to: target) }
        target.abandon()
        #expect(disk.bytes(of: "x.jsonl") == Array("old".utf8))
        #expect(disk.bytes(of: "x.jsonl.new") == nil)
    }

    /// A crash at any call leaves either the old file or the complete new one.
    @Test func crashLeavesTheOldFileOrTheNew() throws {
        for number in 1... {
            let disk = FaultDisk()
            try disk.publish(Array("old".utf8), at: "x.jsonl")
            disk.crashAtCall(disk.mutationCount + number, .midWrite)
            do {
                let target = try ExportTarget("x.jsonl", replaces: true, on: disk)
                try Self.write(["new"], to: target)
                try target.finish()
            } catch {}
            guard disk.hasFaultFired else {
                #expect(number > 5)
                return
            }
            let found = disk.powerCut(keeping: .nothing).bytes(of: "x.jsonl")
            #expect(found == Array("old".utf8) || found == Array("new\n".utf8), "call \(number)")
        }
    }

    @Test func pathInsideTheDataDirectoryIsDetectedThroughLinks() throws {
        let directory = "/tmp/ledge-test-\(UInt64.random(in: 0 ... .max))"
        try PosixDisk().createDirectory(directory)
        defer { rmdir(directory) }
        try PosixDisk().createDirectory("\(directory)/data")
        defer { rmdir("\(directory)/data") }
        symlink("data", "\(directory)/link")
        defer { unlink("\(directory)/link") }
        #expect(ExportTarget.isPath("\(directory)/link/x.jsonl", inside: "\(directory)/data"))
        #expect(ExportTarget.isPath("\(directory)/data/x.jsonl", inside: "\(directory)/link/"))
        #expect(!ExportTarget.isPath("\(directory)/data.jsonl", inside: "\(directory)/data"))
        #expect(!ExportTarget.isPath("\(directory)/x.jsonl", inside: "\(directory)/data"))
        #expect(!ExportTarget.isPath("\(directory)/x.jsonl", inside: "\(directory)/missing"))
    }

    private static func write(_ lines: [String], to target: ExportTarget) throws {
        for line in lines { try Array(line.utf8).withUnsafeBytes { try target.write($0) } }
    }
}

struct ExportArgumentTests {
    @Test(arguments: ["nonsense", "settings", "spent_tokens", ""])
    func internalCollectionsAreRejected(_ name: String) {
        #expect(throws: CommandFailure.self) { try Export.resource(named: name) }
    }

    @Test(arguments: Resource.all.map(\.name))
    func everyResourceIsAccepted(_ name: String) throws {
        #expect(try Export.resource(named: name).name == name)
    }

    @Test func conditionsAreCombined() throws {
        let filter = try Export.filter(["key=cpu", "value__gt=0.5", "value__gt=0.7", "client_id="], of: .telemetry)
        #expect(filter.conditions.map(\.path.text) == ["key", "value", "value", "client_id"])
        #expect(try Export.filter(["client_id=a=b"], of: .statuses).conditions.map(\.path) == ["sender.client_id"])
    }

    @Test(arguments: ["", "key", "=cpu", "key__like=c"])
    func malformedConditionIsRejected(_ text: String) {
        #expect(throws: CommandFailure.self) { try Export.filter([text], of: .telemetry) }
    }

    @Test(arguments: [
        ("2026-11-23", "2026-11-23T00:00:00.000000Z"), ("2026-11-23T20:16:04+01:00", "2026-11-23T19:16:04.000000Z"),
        ("1700000000.5", "2023-11-14T22:13:20.500000Z"), ("-1", "1969-12-31T23:59:59.000000Z"),
    ])
    func timesAreParsed(_ text: String, _ time: String) throws {
        #expect(try Export.time(text).description == time)
    }

    @Test(arguments: ["", "soon", "2026-13-01", "1e300", "nan"])
    func malformedTimeIsRejected(_ text: String) {
        #expect(throws: (any Error).self) { try Export.time(text) }
    }
}
