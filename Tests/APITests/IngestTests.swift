import Disk
import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import API

/// Many documents in one body, one on each line.
struct IngestTests {
    static let telemetry = "/api/v1/telemetry"
    static let type = ["Content-Type": "application/x-ndjson"]

    /// A line of telemetry, whose id is its number.
    static func line(_ number: Int) -> String {
        #"{"telemetry_id":"t\#(number)","key":"k","value":\#(number),"client_id":"c"}"#
    }

    static func ingest(
        _ client: APIClient,
        _ body: String,
        to path: String = telemetry,
        type: String = "application/x-ndjson"
    ) async throws -> Answer {
        try await client.ask(.post, path, headers: ["Content-Type": type], bytes: Array(body.utf8))
    }

    /// The numbers of the lines that were refused.
    static func refused(_ answer: Answer) throws -> [Int64] {
        try answer.json["errors"]?.array?.compactMap { $0["line"]?.int } ?? []
    }

    @Test(arguments: [
        "application/x-ndjson", "application/ndjson", "application/jsonl", "Application/X-NDJSON; charset=utf-8",
        " application/jsonl ;x=y", "application/stream+json", "application/x-jsonlines", "text/x-ndjson",
    ])
    func contentTypeSelectsLines(_ type: String) async throws {
        try await ServerFixture().run { client async throws in
            let answer = try await Self.ingest(client, "\(Self.line(1))\n\(Self.line(2))\n", type: type)
            #expect(answer.status == 200)
            #expect(try answer.json == ["accepted": 2, "refused": 0, "errors": []])
            #expect(try await client.ask(.get, Self.telemetry).listed("telemetry_id") == ["t2", "t1"])
        }
    }

    @Test func arrayIsTakenAsLines() async throws {
        try await ServerFixture().run { client async throws in
            let answer = try await Self.ingest(client, "\u{FEFF}[\(Self.line(1)),\n7,\(Self.line(2))]")
            #expect(try answer.json[path: "accepted"] == 2)
            #expect(try Self.refused(answer) == [2])
            let cut = try await Self.ingest(client, "[\(Self.line(3)),")
            #expect(cut.status == 400)
            #expect(try cut.message?.contains("it ends before the end of the array") == true)
        }
    }

    @Test func lineIsStoredLikeASingleDocument() async throws {
        let fixture = try ServerFixture()
        try await fixture.addClient("edge-1", name: "Lund")
        try await fixture.run { client async throws in
            let body =
                #"{"telemetry_id":"a","key":"k","meta":{"value":3.0},"timestamp":1700000000,"client_id":"edge-1"}"#
            #expect(try await Self.ingest(client, body).status == 200)
            let other = body.replacing(#""a""#, with: #""b""#)
            #expect(try await client.ask(.post, Self.telemetry, bytes: Array(other.utf8)).status == 201)
            var documents = ["a", "b"].map { _ in JSONObject() }
            for (position, id) in ["a", "b"].enumerated() {
                documents[position] = try #require(await client.ask(.get, "\(Self.telemetry)/\(id)").json.object)
                for name in ["telemetry_id", "committed_at", "updated_at"] { documents[position][name] = nil }
            }
            #expect(documents[0] == documents[1])
            #expect(documents[0]["sender"]?["name"] == "Lund")
            #expect(documents[0]["value"]?.double == 3)
        }
    }

    @Test func invalidLineIsRefusedIndividually() async throws {
        let options = { () -> ServerOptions in
            var options = ServerOptions()
            options.bodyByteCountMax = 2_000
            return options
        }()
        try await ServerFixture(options: options).run { client async throws in
            let lines = [
                Self.line(1), "", #"{"key":"k"#, "   \t\r", #"{"key":7,"client_id":"c"}"#, "[1]", "7", "\r",
                #"{"key":"k","client_id":"c","x":1}"#, Self.line(1),
                "{\"key\":\"\(String(repeating: "k", count: 3_000))\"}", "\u{1}", #"{"key":"k","key":"k"}"#,
                #"{"key":"k","client_id":"c","telemetry_id":""}"#,
                #"  {"telemetry_id":"t15","key":"k","client_id":"c"} "#,
                "{}", Self.line(17),
            ]
            let answer = try await Self.ingest(client, lines.joined(separator: "\n"))
            #expect(answer.status == 200)
            #expect(
                try answer.json == [
                    "accepted": 3, "refused": 11,
                    "errors": [
                        ["line": 3, "error": "Broken JSON: it ends unfinished at byte 9"],
                        ["line": 5, "error": "field 'key' must be a string"],
                        ["line": 6, "error": "Invalid object: the line must be a JSON object"],
                        ["line": 7, "error": "Invalid object: the line must be a JSON object"],
                        ["line": 9, "error": "Invalid object: unknown field 'x'"],
                        ["line": 10, "error": "Entity with id: t1 already exists"],
                        ["line": 11, "error": "The line is longer than 2000 bytes"],
                        ["line": 12, "error": "Broken JSON: unexpected character at byte 0"],
                        ["line": 13, "error": "Broken JSON: key 'key' comes twice, at byte 11"],
                        ["line": 14, "error": "field 'telemetry_id' must be a string of 1 to 256 bytes"],
                        ["line": 16, "error": "missing field 'key'"],
                    ],
                ]
            )
            #expect(try await client.ask(.get, Self.telemetry).listed("telemetry_id") == ["t17", "t15", "t1"])
        }
    }

    @Test(arguments: ["", "\n", " \n\r\n\t"])
    func emptyBodyHasNoDocuments(_ body: String) async throws {
        try await ServerFixture().run { client async throws in
            #expect(try await Self.ingest(client, body).json == ["accepted": 0, "refused": 0, "errors": []])
        }
    }

    @Test func linesOfManyGroupsKeepTheirOrder() async throws {
        try await ServerFixture().run { client async throws in
            // 300 bytes a line: some groups end at 1,000 lines, and with a long one before that.
            let lines = (1...2_500).map { number in
                number == 1_200
                    ? #"{"telemetry_id":"t1200","key":"k","client_id":"c","meta":{"m":"\#(String(repeating: "m", count: 900_000))"}}"#
                    : Self.line(number)
            }
            let answer = try await Self.ingest(client, lines.joined(separator: "\n"))
            #expect(try answer.json == ["accepted": 2_500, "refused": 0, "errors": []])
            let ascending = ["X-Sort-Order": "asc"]
            let stored = try await client.ask(.get, Self.telemetry, headers: ascending).listed("telemetry_id")
            #expect(stored == (1...2_500).map { "t\($0)" })
        }
    }

    @Test func groupIsOneSync() async throws {
        let disk = FaultDisk()
        try await ServerFixture(on: disk).run { client async throws in
            func syncs() -> Int { disk.mutations.count { $0.call == .fdatasync && $0.path.contains("telemetry") } }
            let before = syncs()
            let body = (1...1_000).map(Self.line).joined(separator: "\n")
            #expect(try await Self.ingest(client, body).json["accepted"] == 1_000)
            #expect(syncs() == before + 1)
            #expect(try await Self.ingest(client, "x\n[]\n").json["refused"] == 2)
            #expect(syncs() == before + 1, "nothing to store, nothing to sync")
            let text = String(repeating: "m", count: 600_000)
            let long = #"{"key":"k","client_id":"c","meta":{"m":"\#(text)"}}"#
            #expect(try await Self.ingest(client, "\(long)\n\(long)").json["accepted"] == 2)
            #expect(syncs() == before + 3, "a group has 1 MiB at most")
        }
    }

    @Test func refusalsBeyondAThousandAreOnlyCounted() async throws {
        try await ServerFixture().run { client async throws in
            let lines = (1...2_345).map { $0 % 2 == 0 ? "[\($0)]" : Self.line($0) }
            let answer = try await Self.ingest(client, lines.joined(separator: "\n"))
            #expect(try answer.json["accepted"] == 1_173)
            #expect(try answer.json["refused"] == 1_172)
            #expect(try Self.refused(answer) == (1...1_000).map { Int64($0 * 2) })
        }
    }

    @Test func reasonQuotesALongLineInPart() async throws {
        try await ServerFixture().run { client async throws in
            let name = String(repeating: "n\u{301}", count: 100_000)
            let answer = try await Self.ingest(client, #"{"key":"k","client_id":"c","\#(name)":1}"#)
            #expect(answer.bytes.count < 1_500)
            #expect(try answer.json["refused"] == 1)
        }
    }

    @Test func metricsRequireLines() async throws {
        try await ServerFixture().run { client async throws in
            let body =
                #"{"metric_id":"m","key":"loss","value":0.5,"model_id":"m1","step":3,"sender":{"client_id":"c"}}"#
            #expect(try await Self.ingest(client, body, to: "/api/v1/metrics/").json["accepted"] == 1)
            #expect(try await client.ask(.get, "/api/v1/metrics?model_step=3").listed("metric_id") == ["m"])
            let plain = try await client.ask(.post, "/api/v1/metrics", bytes: Array(body.utf8))
            #expect(plain.status == 405)
            #expect(plain["Allow"] == "GET, HEAD, POST")
            #expect(try plain.message?.contains("application/x-ndjson") == true)
        }
    }

    @Test func statusOfAnUnknownSenderIsRefused() async throws {
        let fixture = try ServerFixture()
        try await fixture.addClient("edge-1", name: "Lund")
        try await fixture.run { client async throws in
            func line(_ client: String) -> String { #"{"status":"s","sender":{"client_id":"\#(client)"}}"# }
            let body = ["edge-1", "edge-2", "edge-1", "edge-2"].map(line).joined(separator: "\n")
            let answer = try await Self.ingest(client, body, to: "/api/v1/statuses")
            #expect(try answer.json["accepted"] == 2)
            #expect(try Self.refused(answer) == [2, 4])
            #expect(try await client.ask(.get, "/api/v1/statuses/count?sender.name=Lund").text == "2")
        }
    }

    @Test func attributesAreAcceptedAsLines() async throws {
        try await ServerFixture().run { client async throws in
            let body = #"{"key":"a","value":"1","entity_id":"e"}"# + "\n" + #"{"key":"a","value":"2","entity_id":"e"}"#
            #expect(try await Self.ingest(client, body, to: "/api/v1/attributes").json["accepted"] == 2)
            let current = try await client.ask(.post, "/api/v1/attributes/current", ["entity_ids": "e"])
            #expect(try current.json == ["e": ["a": "2"]])
        }
    }

    /// Random bytes between valid lines: exactly the valid ones are stored.
    @Test func malformedLinesDoNotAffectValidOnes() async throws {
        var random = SeededGenerator()
        var body: [UInt8] = []
        var goodCount = 0
        let good = Array(Self.line(0).utf8)
        for _ in 0..<400 {
            var line = goodCount == 0 ? good : Array(#"{"key":"k","client_id":"c"}"#.utf8)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                line = (0..<Int.random(in: 1...80, using: &random)).map { _ in
                    UInt8.random(in: 11...255, using: &random)
                }
            // A truncated line is never JSON.
            case 1: line.removeLast(Int.random(in: 1..<line.count, using: &random))
            case 2: line[0] = UInt8.random(in: 0x80...0xFF, using: &random)
            default: goodCount += 1
            }
            body += line + [UInt8(ascii: "\n")]
        }
        let bytes = body
        let expected = Int64(goodCount)
        try await ServerFixture().run { client async throws in
            let answer = try await client.ask(.post, Self.telemetry, headers: Self.type, bytes: bytes)
            #expect(answer.status == 200)
            #expect(try answer.json["accepted"]?.int == expected, "SEED=\(SeededGenerator.runSeed)")
            #expect(try await client.ask(.get, "\(Self.telemetry)/count").text == "\(expected)")
        }
    }
}
