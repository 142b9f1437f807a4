import Blobs
import Catalog
import Disk
import Federation
import Index
import Inspection
import JSON
import SegmentLog
import Store
import TestSupport
import Testing
import Tokens

@testable import Repair

/// A damaged data directory is repaired, and the repair can be undone.
@Suite(.timeLimit(.minutes(60)))
struct DirectoryRepairTests {
    private static let now = Timestamp(microseconds: 1_795_900_000_000_000)
    private static let schemas = Resource.allSchemas

    static func open(_ disk: FaultDisk) throws -> Store {
        var options = Store.Options()
        options.segmentByteCountMax = 1_000
        return try Store.open("data", schemas: schemas, options: options, on: disk)
    }

    /// Clients and events in several segments each, some of them sealed.
    static func makeDisk() async throws -> FaultDisk {
        let disk = FaultDisk()
        let store = try open(disk)
        for round in 0..<2 {
            for id in 0..<5 {
                _ = try await store.collection("clients").put([
                    "client_id": .string("\(id)"), "name": .string("n\(round)"),
                ])
                _ = try await store.collection("telemetry").insert([
                    "key": "cpu", "value": .number(JSONNumber(Int64(id))),
                ])
            }
            if round == 0 { try await store.maintain() }
        }
        try await store.close()
        return disk
    }

    private static func findings(_ disk: FaultDisk) throws -> [Finding] {
        var findings: [Finding] = []
        _ = try Check.run("data", on: disk) { findings.append($0) }
        return findings.filter { $0.severity != .note }
    }

    static func files(_ disk: FaultDisk) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for path in disk.paths where !path.hasPrefix("data/repair-backups") { files[path] = disk.bytes(of: path) }
        return files
    }

    static func damageEverything(_ disk: FaultDisk) throws {
        for path in disk.paths where path.hasSuffix(".jsonl") || path.hasSuffix(".zst") || path.hasSuffix(".idx") {
            guard let bytes = disk.bytes(of: path), bytes.count > 200 else { continue }
            try disk.damage(path) { for index in 60..<120 { $0[index] = 0 } }
        }
        try disk.flipBit(70, of: "data/ledge.json")
        try disk.flipBit(90, of: "data/collections/models/manifest.json")
    }

    @Test func undamagedDirectoryNeedsNoRepair() async throws {
        let disk = try await Self.makeDisk()
        let before = Self.files(disk)
        let repair = try Repair("data", on: disk)
        #expect(repair.actions.isEmpty && !repair.isNeeded)
        #expect(Self.files(disk) == before)
    }

    @Test func planningWritesNoFiles() async throws {
        let disk = try await Self.makeDisk()
        try Self.damageEverything(disk)
        let before = Self.files(disk)
        #expect(try Repair("data", on: disk).isNeeded)
        #expect(Self.files(disk) == before)
        #expect(!disk.paths.contains { $0.contains("repair-backups") })
    }

    @Test func repairedDirectoryIsServed() async throws {
        let disk = try await Self.makeDisk()
        try Self.damageEverything(disk)
        #expect(try !Self.findings(disk).isEmpty)
        #expect(throws: StoreError.self) { try Self.open(disk.copy()) }
        _ = try Repair("data", on: disk).apply(at: Self.now)
        #expect(try Self.findings(disk) == [])
        #expect(try !Repair("data", on: disk).isNeeded)
        let store = try Self.open(disk)
        #expect(store.damage.isEmpty)
        #expect(try store.collection("telemetry").count(Filter()) > 0)
        _ = try await store.collection("clients").put(["client_id": "new"])
        try await store.close()
        #expect(try Self.findings(disk) == [])
    }

    @Test func undoRestoresEveryByte() async throws {
        let disk = try await Self.makeDisk()
        try Self.damageEverything(disk)
        let before = Self.files(disk)
        let path = try Repair("data", on: disk).apply(at: Self.now)
        #expect(path == "data/repair-backups/\(Self.now)")
        #expect(Self.files(disk) != before)
        #expect(try Repair.undo("data", on: disk) == path)
        // Indexes are derived, so they are not copied.
        let isKept: (String) -> Bool = { !$0.hasSuffix(".idx") }
        #expect(Self.files(disk).filter { isKept($0.key) } == before.filter { isKept($0.key) })
        #expect(throws: RepairError.nothingToUndo("data")) { try Repair.undo("data", on: disk) }
        _ = try Repair("data", on: disk).apply(at: Self.now.advanced(by: .seconds(1)))
        #expect(try Self.findings(disk) == [])
    }

    @Test func undoAfterAWriteIsRefused() async throws {
        let disk = try await Self.makeDisk()
        try Self.damageEverything(disk)
        _ = try Repair("data", on: disk).apply(at: Self.now)
        let store = try Self.open(disk)
        for _ in 0..<10 { _ = try await store.collection("telemetry").insert(["key": "new"]) }
        try await store.close()
        let before = Self.files(disk)
        #expect { try Repair.undo("data", on: disk) } throws: { error in
            if case .changedSince = error as? RepairError { true } else { false }
        }
        #expect(Self.files(disk) == before)
    }

    @Test func damagedCopyIsNotRestored() async throws {
        let disk = try await Self.makeDisk()
        try Self.damageEverything(disk)
        let path = try Repair("data", on: disk).apply(at: Self.now)
        let copy = try #require(disk.paths.last { $0.hasPrefix("\(path)/collections") && disk.bytes(of: $0) != nil })
        try disk.flipBit(9, of: copy)
        let before = Self.files(disk)
        #expect(throws: RepairError.damagedCopy(copy)) { try Repair.undo("data", on: disk) }
        #expect(Self.files(disk) == before)
    }

    /// A prepared directory must not make `--undo` write elsewhere.
    @Test(arguments: [
        "../x", "/etc/x", "collections/../x", "collections/clients/../x", "collections//x", "collections/./x",
        "token-secret",
        "lock", "blobs/ab/x", "collections/x", "collections/clients/a/b", "ledge.json/a/b", "",
    ])
    func forgedBackupIsRefused(_ path: String) async throws {
        let disk = try await Self.makeDisk()
        let backup = "data/repair-backups/\(Self.now)"
        try disk.ensureDirectory("\(backup)/collections/clients")
        try disk.ensureDirectory("\(backup)/blobs/ab")
        func publish(kept: [JSON], left: [JSON]) throws {
            let object: JSONObject = ["format": 1, "state": "done", "kept": .array(kept), "left": .array(left)]
            let line = CheckedLine.seal(object, seed: XXH3.hash64("repair.json"))
            try disk.publish(line, at: "\(backup)/repair.json")
        }
        let hash = JSON.string(XXH3Digest().hex)
        let entry: JSON = ["path": .string(path), "bytes": 0, "xxh3_128": hash]
        let good: JSON = ["path": "ledge.json", "bytes": 0, "xxh3_128": hash]
        let missing: JSON = ["path": "ledge.json", "bytes": .null, "xxh3_128": .null]
        let lists: [([JSON], [JSON])] = [
            ([good, entry], []), ([], [entry]), ([good, good], []), ([], [good, good]), ([missing], []),
        ]
        let before = Self.files(disk)
        for (kept, left) in lists {
            try publish(kept: kept, left: left)
            #expect(throws: RepairError.malformedBackup("\(backup)/repair.json")) { try Repair.undo("data", on: disk) }
            #expect(Self.files(disk) == before)
        }
    }

    /// Every step is durable before the next one: after a crash anywhere, the same command finishes the repair.
    @Test func crashedRepairIsFinishedByTheNext() async throws {
        let damaged = try await Self.makeDisk()
        try Self.damageEverything(damaged)
        let counted = damaged.copy()
        let start = counted.mutationCount
        _ = try Repair("data", on: counted).apply(at: Self.now)
        let callCount = counted.mutationCount - start
        let store = try Self.open(counted)
        let expected = try store.collection("telemetry").list(Query()).documents.map(\.id)
        for call in 1...callCount where call % 2 == 0 {
            let disk = damaged.copy()
            disk.crashAtCall(disk.mutationCount + call, call % 4 == 0 ? .before : .after)
            #expect(throws: (any Error).self) { try Repair("data", on: disk).apply(at: Self.now) }
            for survivor in [disk.copy().powerCut(keeping: .nothing), disk.powerCut(keeping: .everything)] {
                _ = try Repair("data", on: survivor).apply(at: Self.now.advanced(by: .seconds(1)))
                #expect(try Self.findings(survivor) == [], "call \(call)")
                let left = try Self.open(survivor).collection("telemetry").list(Query()).documents.map(\.id)
                #expect(left == expected, "call \(call)")
            }
        }
    }

    @Test func damagedBlobIsOnlyReported() async throws {
        let disk = try await Self.makeDisk()
        let blobs = try BlobStore(directory: "data", on: disk)
        let id = try await blobs.begin(fileName: "m.npz", byteCount: 8).id
        let receiver = try await blobs.upload(id).receive(chunk: 0)
        _ = try Array("12345678".utf8).withUnsafeBytes { try receiver.fill($0) }
        if receiver.isFull { try await receiver.flush() }
        _ = try await receiver.finish()
        let blob = try await blobs.claim(try await blobs.upload(id).complete().token).blobID
        await blobs.close()
        let path = "data/blobs/\(blob.prefix(2))/\(blob).zst"
        try disk.damage(path) { $0[10] ^= 1 }
        let before = disk.bytes(of: path)
        let repair = try Repair("data", on: disk)
        #expect(!repair.isNeeded)
        #expect(repair.actions.map(\.path) == [path] && repair.actions.allSatisfy(\.isBeyondRepair))
        #expect(disk.bytes(of: path) == before)
    }
}
