import Disk
import JSON
import SegmentLog
import TestSupport
import Testing

@testable import Store

struct CollectionTests {
    private let disk = FaultDisk()
    private let things: DocumentCollection
    private let events: DocumentCollection

    init() throws {
        let store = try StoreFixture().open(disk)
        things = store.collection("things")
        events = store.collection("events")
    }

    @Test func insertReturnsTheStoredDocument() async throws {
        let document = try await things.insert(["thing_id": "a", "n": 1.50, "committed_at": "mine", "z": nil])
        let moment = try #require(try document.json["updated_at"]?.string)
        let expected = #"{"thing_id":"a","n":1.5,"z":null,"committed_at":"\#(moment)","updated_at":"\#(moment)"}"#
        #expect(String(decoding: document.bytes, as: UTF8.self) == expected)
        #expect(moment.utf8.count == Timestamp.byteCount)
        #expect(try things.get("a")?.bytes == document.bytes)
        #expect(try things.get("a")?.id == "a")
    }

    @Test func missingKeyBecomesAUUID() async throws {
        for object: JSONObject in [["n": 1], ["n": 1, "thing_id": nil]] {
            let document = try await things.insert(object)
            #expect(document.id.utf8.count == 36)
            #expect(try document.json.object?.keys == ["thing_id", "n", "committed_at", "updated_at"])
            #expect(try document.json["thing_id"]?.string == document.id)
            #expect(try things.get(document.id)?.bytes == document.bytes)
        }
        #expect(things.documentCount == 2)
    }

    @Test(arguments: [1, true, [], [:], "", .string(String(repeating: "x", count: 513))] as [JSON])
    func invalidKeyIsRefused(_ key: JSON) async throws {
        await #expect(throws: StoreError.invalidKey(member: "thing_id")) { try await things.insert(["thing_id": key]) }
        await #expect(throws: StoreError.invalidKey(member: "thing_id")) { try await things.put(["thing_id": key]) }
        #expect(things.documentCount == 0)
    }

    @Test(arguments: ["a\"b", "a\\b", "line\nbreak", "é", "e\u{301}", "\u{0}", "😀", String(repeating: "x", count: 512)])
    func anyTextIsAnID(_ id: String) async throws {
        let document = try await things.insert(["thing_id": .string(id)])
        #expect(document.id == id)
        #expect(try things.get(id)?.bytes == document.bytes)
        let page = try things.list(Query(filter: .equal("thing_id", id)))
        #expect(page.documents.map(\.id) == [id])
        #expect(try StoreFixture().open(disk.processKill()).collection("things").get(id)?.bytes == document.bytes)
    }

    @Test func idIsInsertedOnce() async throws {
        for collection in [things, events] {
            let key = collection.schema.key
            let first = try await collection.insert(JSONObject([(key, JSON.string("a"))]))
            await #expect(throws: StoreError.alreadyExists("a")) {
                try await collection.insert(JSONObject([(key, JSON.string("a")), ("n", JSON.number(JSONNumber(2)))]))
            }
            #expect(try collection.get("a")?.bytes == first.bytes)
            #expect(collection.statistics.recordCount == 1)
        }
    }

    @Test func oneOfConcurrentInsertsSucceeds() async throws {
        for round in 0..<20 {
            let id = "id-\(round)"
            let winners = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        do throws(StoreError) {
                            _ = try await things.insert([
                                "thing_id": .string(id), "n": .number(JSONNumber(Int64(number))),
                            ])
                            return true
                        } catch {
                            #expect(error == .alreadyExists(id))
                            return false
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(winners == 1)
        }
        #expect(things.statistics.recordCount == 20)
    }

    @Test func putKeepsCommittedAt() async throws {
        let first = try await things.put(["thing_id": "a", "n": 1]).json
        let second = try await things.put(["thing_id": "a", "m": 2]).json
        #expect(second["n"] == nil)
        #expect(second["committed_at"] == first["committed_at"])
        let updates = try [first, second].map { try #require($0["updated_at"]?.string) }
        #expect(updates[0] < updates[1])
        #expect(try things.get("a")?.json == second)
        #expect(things.documentCount == 1)
    }

    @Test func updateChangesTheDocument() async throws {
        let first = try await things.insert(["thing_id": "a", "n": 1]).json
        let second = try await things.update("a") { object in
            var object = object
            object["m"] = 2
            return object
        }
        #expect(try second.json["n"]?.int == 1)
        #expect(try second.json["m"]?.int == 2)
        #expect(try second.json["committed_at"] == first["committed_at"])
        #expect(try things.get("a")?.bytes == second.bytes)
    }

    @Test func refusedUpdateKeepsTheDocument() async throws {
        let first = try await things.insert(["thing_id": "a", "n": 1])
        await #expect(throws: StoreError.refused(reason: "no")) {
            try await things.update("a") { _ throws(StoreError) in throw .refused(reason: "no") }
        }
        for other: JSONObject in [["thing_id": "b"], [:], ["thing_id": 1]] {
            await #expect(throws: StoreError.invalidKey(member: "thing_id")) {
                try await things.update("a") { _ in other }
            }
        }
        #expect(try things.get("a")?.bytes == first.bytes)
        #expect(try await things.update("a") { $0 }.json["n"]?.int == 1)
    }

    /// Each adds one to the value it read: a concurrent update in between would be lost.
    @Test func concurrentUpdatesAreSerialized() async throws {
        _ = try await things.insert(["thing_id": "a", "n": 0])
        try await withThrowingTaskGroup { group in
            for _ in 0..<100 {
                group.addTask {
                    _ = try await things.update("a") { object in
                        var object = object
                        object["n"] = .number(JSONNumber((object["n"]?.int ?? 0) + 1))
                        return object
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try things.get("a")?.json["n"]?.int == 100)
    }

    @Test func deletedDocumentIsNotFound() async throws {
        _ = try await things.insert(["thing_id": "a", "kind": "x"])
        try await things.delete("a")
        #expect(try things.get("a") == nil)
        #expect(try things.list(Query()).total == 0)
        #expect(try things.count(.equal("kind", "x")) == 0)
        #expect(try things.count(.equal("kind", "null")) == 0)
        await #expect(throws: StoreError.notFound("a")) { try await things.delete("a") }
        await #expect(throws: StoreError.notFound("a")) { try await things.update("a") { $0 } }
        let again = try await things.insert(["thing_id": "a"])
        #expect(try things.get("a")?.bytes == again.bytes)
    }

    @Test func missingDocumentIsNotFound() async throws {
        #expect(try things.get("a") == nil)
        await #expect(throws: StoreError.notFound("a")) { try await things.delete("a") }
        await #expect(throws: StoreError.notFound("a")) { try await things.update("a") { $0 } }
    }

    @Test func lineOnDiskMatchesTheDocumentation() async throws {
        let document = try await things.insert(["thing_id": "a\"", "n": 1])
        try await things.delete("a\"")
        let lines = try #require(try disk.contents(of: "data/collections/things/00000000000000000001.jsonl"))
            .split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        let text = String(decoding: document.bytes, as: UTF8.self)
        #expect(lines[0].contains(#","op":"put","id":"a\"","doc":\#(text),"xxh3":""#))
        #expect(lines[1].contains(#","op":"delete","id":"a\"","xxh3":""#))
    }

    @Test func replacingAnEventTraps() async {
        await #expect(processExitsWith: .failure) {
            let events = try StoreFixture().open(FaultDisk()).collection("events")
            _ = try await events.put(["event_id": "a"])
        }
    }

    @Test func deletingAnEventTraps() async {
        await #expect(processExitsWith: .failure) {
            let events = try StoreFixture().open(FaultDisk()).collection("events")
            _ = try await events.insert(["event_id": "a"])
            try await events.delete("a")
        }
    }
}
