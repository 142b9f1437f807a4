import Disk
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Store
import TestSupport
import Testing

@testable import API

/// Lists of any length: a short one is one buffer, the documents of a long one are read as the client takes them.
@Suite(.timeLimit(.minutes(60)))
struct ListTests {
    private static let path = "/api/v1/telemetry"

    /// Stores documents of a kilobyte, `t0` first.
    private static func fill(_ fixture: ServerFixture, count: Int) async throws {
        let padding = JSON.string(String(repeating: "x", count: 900))
        let documents: [JSONObject] = (0..<count).map {
            ["telemetry_id": .string("t\($0)"), "client_id": "c", "key": "k", "value": JSON($0), "payload": padding]
        }
        #expect(try await fixture.store.collection("telemetry").insert(contentsOf: documents).allSatisfy { $0 == nil })
    }

    private static func ids(_ range: some Sequence<Int>) -> [String] { range.map { "t\($0)" } }

    @Test func longListHasEveryDocument() async throws {
        let fixture = try ServerFixture()
        try await Self.fill(fixture, count: 300)
        try await fixture.run { client async throws in
            let answer = try await client.ask(.get, Self.path)
            #expect(answer.text.hasPrefix(#"{"count":300,"result":[{"telemetry_id":"t299","#))
            #expect(answer["Content-Length"] == nil)
            #expect(answer["Content-Type"] == "application/json")
            #expect(try answer.listed("telemetry_id") == Self.ids((0..<300).reversed()))
            #expect(try answer.json.object?.keys == ["count", "result"])
            let sorted = try await client.ask(
                .get,
                "\(Self.path)?explain=1&value__lt=250",
                headers: ["X-Sort-Key": "value", "X-Sort-Order": "asc", "X-Skip": "10", "X-Limit": "200"]
            )
            #expect(try sorted.listed("telemetry_id") == Self.ids(10..<210))
            #expect(try sorted.json.object?.keys == ["count", "result", "explain"])
            #expect(try sorted.json["count"] == 250)
            #expect(try sorted.json["explain"]?["records_read"] == 200)
        }
    }

    @Test func shortListHasALength() async throws {
        let fixture = try ServerFixture()
        try await Self.fill(fixture, count: 300)
        try await fixture.run { client async throws in
            let answer = try await client.ask(.get, Self.path, headers: ["X-Limit": "20"])
            #expect(answer["Content-Length"] == "\(answer.bytes.count)")
            #expect(try answer.listed("telemetry_id") == Self.ids((280..<300).reversed()))
        }
    }

    @Test func headOfAListReadsNoDocument() async throws {
        let disk = FaultDisk()
        let first = try ServerFixture(on: disk)
        try await Self.fill(first, count: 300)
        try await first.run { _ in }
        let fixture = try ServerFixture(on: disk)
        try await fixture.run(.live) { client async throws in
            let readCount = Ledger(0)
            disk.beforeEachCall { call, path in
                if call == .pread, path.contains("telemetry") { readCount.enter { $0 += 1 } }
            }
            let port = try #require(client.transport.port)
            let answers = try await RawConnection.connected(to: port) { connection in
                let request = "HEAD \(Self.path) HTTP/1.1\r\nHost: localhost\r\n"
                try await connection.send("\(request)\r\n\(request)Connection: close\r\n\r\n")
                return try await connection.receiveAll()
            }
            #expect(readCount.entries == 0)
            // The second response begins directly after the head of the first one.
            let heads = answers.split(separator: "\r\n\r\n", omittingEmptySubsequences: true)
            #expect(heads.count == 2 && heads.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") }, "\(answers)")
            #expect(!answers.lowercased().contains("content-length"))
        }
    }

    @Test func damageOnTheWayLeavesTheListIncomplete() async throws {
        let disk = FaultDisk()
        let first = try ServerFixture(on: disk)
        try await Self.fill(first, count: 300)
        try await first.run { _ in }
        let fixture = try ServerFixture(on: disk)
        let log = try #require(disk.paths.first { $0.contains("telemetry/") && $0.hasSuffix(".jsonl") })
        try disk.flipBit(8 * 5_000, of: log)
        try await fixture.run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answer = try await RawConnection.connected(to: port) { connection in
                try await connection.send("GET \(Self.path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return try await connection.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains(#""telemetry_id":"t299""#))
            #expect(!answer.hasSuffix("0\r\n\r\n"))
            // If the first documents are damaged, the status reports it.
            let oldest = try await client.ask(.get, Self.path, headers: ["X-Sort-Order": "asc"])
            #expect(oldest.status == 500)
        }
    }

    @Test func numberOfAlternativesIsLimited() async throws {
        try await ServerFixture().run { client async throws in
            for (count, status) in [(10_000, 200), (10_001, 400)] {
                let names = JSON.array((0..<count).map { .string("n\($0)") })
                for path in ["list", "count"] {
                    #expect(try await client.ask(.post, "\(Self.path)/\(path)", ["key": names]).status == status)
                }
            }
        }
    }

    @Test func refusedOrderNamesTheLimit() {
        let refusal = StorageError.tooManyToSort(countMax: 7)
        #expect(refusal.status == .badRequest)
        #expect(refusal.answer.contains("X-Limit") && refusal.answer.contains("first 7 at most"))
    }

    @Test func longAncestryIsComplete() async throws {
        let fixture = try ServerFixture()
        let models = fixture.store.collection("models")
        for number in 0..<300 {
            var model: JSONObject = [
                "model_id": .string("m\(number)"), "name": .string(String(repeating: "n", count: 500)),
            ]
            if number > 0 { model["parent_model"] = .string("m\(number - 1)") }
            _ = try await models.insert(model)
        }
        try await fixture.run { client async throws in
            let all = ["X-Limit": "1000"]
            let ancestors = try await client.ask(.get, "/api/v1/models/m299/ancestors", headers: all)
            let ids = try ancestors.json.array?.compactMap { $0["model_id"]?.string }
            #expect(ids == (0..<299).reversed().map { "m\($0)" })
            let descendants = try await client.ask(.get, "/api/v1/models/m0/descendants", headers: all)
            #expect(try descendants.json.array?.compactMap { $0["model_id"]?.string } == (1..<300).map { "m\($0)" })
            #expect(try await client.ask(.get, "/api/v1/models/leaf-nodes").json.array?.count == 1)
        }
    }

    @Test func memoryOfListsIsReleased() {
        let memory = BodyMemory(byteCountMax: 100, freeByteCount: 10)
        var share: BodyMemory.Share? = BodyMemory.Share(of: memory)
        #expect(share?.hold(110) == true && share?.hold(111) == false)
        let other = BodyMemory.Share(of: memory)
        #expect(other.hold(10) && !other.hold(11))
        share?.release()
        #expect(other.hold(50))
        #expect(share?.hold(70) == true && share?.hold(71) == false)
        share = nil
        #expect(other.hold(110))
    }
}
