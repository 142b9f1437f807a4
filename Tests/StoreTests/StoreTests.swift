import Disk
import Glibc
import JSON
import SegmentLog
import TestSupport
import Testing

@testable import Store

struct StoreTests {
    private let fixture = StoreFixture()

    @Test func newDirectoryReceivesAnIdentity() async throws {
        let disk = FaultDisk()
        let store = try fixture.open(disk)
        let line = try #require(try disk.contents(of: "data/ledge.json"))
        let text = String(decoding: line, as: UTF8.self)
        #expect(text.hasPrefix(#"{"format":1,"created_at":"\#(store.identity.createdAt)","instance_id":"#))
        #expect(text.hasSuffix("\"}\n"))
        #expect(store.identity.instanceID.utf8.count == 36)
        try await store.close()
        #expect(try fixture.open(disk).identity == store.identity)
        #expect(try disk.contents(of: "data/ledge.json") == line)
    }

    @Test func secondOpenIsRefusedWithTheOwner() async throws {
        let disk = FaultDisk()
        let store = try fixture.open(disk)
        #expect(throws: StoreError.locked(path: "data", owner: getpid())) { try fixture.open(disk) }
        #expect(try disk.contents(of: "data/lock") == Array("\(getpid())\n".utf8))
        try await store.close()
        _ = try fixture.open(disk)
    }

    @Test func secondOpenAfterTheLockFileIsRemovedIsRefused() async throws {
        let disk = FaultDisk()
        let store = try fixture.open(disk)
        try disk.remove("data/lock")
        #expect(throws: StoreError.locked(path: "data", owner: nil)) { try fixture.open(disk) }
        #expect(try disk.entry("data/lock") == nil)
        try await store.close()
    }

    /// Earlier builds lock only the file.
    @Test func directoryOfAnEarlierBuildIsRefused() async throws {
        let disk = FaultDisk()
        try await fixture.open(disk).close()
        let file = try File("data/lock", .update, on: disk)
        try file.write(Array("4711\n".utf8), at: 0)
        #expect(try file.lock())
        #expect(throws: StoreError.locked(path: "data/lock", owner: 4711)) { try fixture.open(disk) }
    }

    @Test func lockOfADeadProcessIsIgnored() throws {
        let disk = FaultDisk()
        let store = try fixture.open(disk)
        _ = try withExtendedLifetime(store) { try fixture.open(disk.processKill()) }
    }

    @Test func fullDiskOpensForReading() async throws {
        let disk = FaultDisk()
        let store = try fixture.open(disk)
        _ = try await store.collection("things").insert(["thing_id": "a"])
        try await store.close()
        disk.fail(.pwrite, with: ENOSPC)
        let full = try fixture.open(disk)
        #expect(try full.collection("things").get("a") != nil)
        let error = await #expect(throws: StoreError.self) { try await full.collection("things").insert([:]) }
        guard let error, error.isNoSpace else {
            Issue.record("\(String(describing: error))")
            return
        }
        disk.heal()
        _ = try await full.collection("things").insert([:])
    }

    @Test func everyChangedByteOfTheIdentityIsDetected() async throws {
        let disk = FaultDisk()
        try await fixture.open(disk).close()
        let line = try #require(try disk.contents(of: "data/ledge.json"))
        for index in line.indices {
            var changed = line
            changed[index] ^= 1
            try disk.publish(changed, at: "data/ledge.json")
            let error = #expect(throws: StoreError.self) { try fixture.open(disk) }
            guard case .storage(.corrupt(let place)) = error, place.path == "data/ledge.json" else {
                Issue.record("byte \(index): \(String(describing: error))")
                continue
            }
        }
    }

    @Test func laterFormatIsRefused() throws {
        let disk = FaultDisk()
        try disk.ensureDirectory("data")
        let object: JSONObject = ["format": 2, "created_at": "2026-11-23T19:16:04.000000Z", "instance_id": "x"]
        try disk.publish(CheckedLine.seal(object, seed: XXH3.hash64("ledge.json")), at: "data/ledge.json")
        #expect(throws: StoreError.unsupportedFormat(2)) { try fixture.open(disk) }
    }

    @Test func collectionsWithoutAnIdentityAreRefused() throws {
        let disk = FaultDisk()
        try disk.ensureDirectory("data/collections")
        #expect(throws: StoreError.notADataDirectory("data")) { try fixture.open(disk) }
        #expect(try disk.entry("data/ledge.json") == nil)
    }

    @Test(arguments: ["uploads", "blobs"])
    func storedDataWithoutAnIdentityIsRefused(_ name: String) throws {
        let disk = FaultDisk()
        try disk.ensureDirectory("data/\(name)")
        var options = Store.Options()
        options.allowsOtherFiles = true
        #expect(throws: StoreError.notADataDirectory("data")) {
            try Store.open("data", schemas: [], options: options, on: disk)
        }
        #expect(disk.paths == ["data/", "data/\(name)/"])
    }

    @Test func directoryWithOtherFilesIsRefused() async throws {
        let disk = FaultDisk()
        try disk.ensureDirectory("data/photos")
        try disk.publish([1], at: "data/lock")
        #expect(throws: StoreError.notEmpty("data")) { try fixture.open(disk) }
        #expect(disk.paths == ["data/", "data/lock", "data/photos/"] && disk.bytes(of: "data/lock") == [1])
        var options = Store.Options()
        options.allowsOtherFiles = true
        let store = try Store.open("data", schemas: [], options: options, on: disk)
        #expect(store.isNew)
        try await store.close()
        #expect(try !fixture.open(disk).isNew, "it is a data directory now")
    }

    /// Of the file system, of a start that crashed, and of `ledge token` of an earlier build.
    @Test func directoryWithoutOtherFilesBecomesADataDirectory() throws {
        let disk = FaultDisk()
        try disk.ensureDirectory("data/lost+found")
        for name in ["lock", "ledge.json.new", "token-secret", "token-secret.new"] {
            try disk.publish([], at: "data/\(name)")
        }
        #expect(try fixture.open(disk).isNew)
    }

    @Test func directoryIsServedFromARealDisk() async throws {
        let directory = try TemporaryDirectory()
        for round in 1...2 {
            let store = try Store.open(
                "\(directory.path)/new",
                schemas: [StoreFixture.things],
                on: PosixDisk()
            )
            _ = try await store.collection("things").insert(["n": 1])
            #expect(try store.collection("things").list(Query()).documents.count == round)
            #expect(throws: StoreError.locked(path: "\(directory.path)/new", owner: getpid())) {
                try Store.open("\(directory.path)/new", schemas: [], on: PosixDisk())
            }
            try await store.close()
        }
    }

    @Test func closedStoreRefusesWrites() async throws {
        let store = try fixture.open(FaultDisk())
        _ = try await store.collection("things").insert(["thing_id": "a"])
        try await store.close()
        await #expect(throws: StoreError.storage(.closed)) { try await store.collection("things").insert([:]) }
        #expect(try store.collection("things").get("a") != nil)
    }

    /// A line that verifies but that no collection writes: of another program, or of a later format.
    @Test(arguments: [
        #""op":"merge","id":"a","doc":{}"#, #""op":"put","id":"a""#, #""op":"put","id":7,"doc":{}"#,
        #""op":"delete","id":"a","doc":{}"#, #""id":"a","doc":{}"#, #""op":"put","doc":{}"#,
        #""op":"put","id":"a","doc":[]"#,
    ])
    func recordOfAnotherKindIsRefused(_ members: String) async throws {
        let disk = FaultDisk()
        let store = try fixture.open(disk)
        let things = store.collection("things")
        _ = try await things.insert(["thing_id": "a"])
        _ = try await things.log.append { _, _, output in output.append(contentsOf: members.utf8) }
        try await store.close()
        let error = #expect(throws: StoreError.self) { try fixture.open(disk) }
        let place = corruption(of: error)
        #expect(place?.path == "collections/things/\(SegmentName.make(SegmentID(first: 1)))" && place?.sequence == 2)
        #expect(place?.reason == .foreignRecord)
    }

    @Test func unknownCollectionTraps() async {
        await #expect(processExitsWith: .failure) { _ = try StoreFixture().open(FaultDisk()).collection("nothing") }
    }
}
