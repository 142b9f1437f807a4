import HTTPTypes
import JSON
import Testing

@testable import API

/// The header that names probable mistakes in conditions.
struct FilterWarningRouteTests {
    private static let path = "/api/v1/telemetry"

    private static func fixture(_ body: @Sendable @escaping (APIClient) async throws -> Void) async throws {
        try await ServerFixture().run { client async throws in
            let lines = (1...3).map(IngestTests.line).joined(separator: "\n")
            #expect(try await IngestTests.ingest(client, lines).status == 200)
            try await body(client)
        }
    }

    @Test func unknownFieldIsInTheHeaderOfEveryQuery() async throws {
        try await Self.fixture { client async throws in
            let expected = "telemetry has no field 'keyy'; did you mean 'key'?"
            for (query, count) in [("keyy=1", 0), ("keyy=null", 3)] {
                let list = try await client.ask(.get, "\(Self.path)?\(query)")
                #expect(list["Ledge-Warning"] == expected)
                #expect(try list.json["count"] == JSON(count))
                #expect(try await client.ask(.head, "\(Self.path)?\(query)")["Ledge-Warning"] == expected)
                #expect(try await client.ask(.get, "\(Self.path)/count?\(query)")["Ledge-Warning"] == expected)
            }
            for path in ["list", "count"] {
                let answer = try await client.ask(.post, "\(Self.path)/\(path)", ["keyy": 1])
                #expect(answer["Ledge-Warning"] == expected)
                let form = try await client.ask(.post, "\(Self.path)/\(path)", form: "keyy=1")
                #expect(form["Ledge-Warning"] == expected)
            }
        }
    }

    @Test(arguments: ["statuses/histogram", "commands/roots"])
    func queryOfItsOwnRouteHasTheHeader(_ path: String) async throws {
        try await Self.fixture { client async throws in
            let answer = try await client.ask(.get, "/api/v1/\(path)?nonsense=1")
            #expect(answer["Ledge-Warning"]?.hasSuffix(" has no field 'nonsense'") == true)
        }
    }

    @Test func validQueryHasNoWarning() async throws {
        try await Self.fixture { client async throws in
            for query in ["", "?key=k&value__gt=1&sender.client_id=c&meta.unit=x&explain=1"] {
                #expect(try await client.ask(.get, "\(Self.path)\(query)")["Ledge-Warning"] == nil)
                #expect(try await client.ask(.get, "\(Self.path)/count\(query)")["Ledge-Warning"] == nil)
            }
            #expect(try await client.ask(.get, "/api/v1/statuses/histogram?buckets=3")["Ledge-Warning"] == nil)
            #expect(try await client.ask(.post, "\(Self.path)/list")["Ledge-Warning"] == nil)
        }
    }

    @Test func explainHasTheWarnings() async throws {
        try await Self.fixture { client async throws in
            for path in ["", "/count"] {
                let plain = try await client.ask(.get, "\(Self.path)\(path)?key=k&explain=1")
                #expect(try plain.json["explain"]?["warnings"] == [])
                let answer = try await client.ask(.get, "\(Self.path)\(path)?v\u{e9}__x=1&limit=1&explain=1")
                let texts = try #require(try answer.json["explain"]?["warnings"]?.array?.compactMap(\.string))
                #expect(texts.count == 2)
                #expect(texts.first?.contains("'v\u{e9}'") == true)
                #expect(answer["Ledge-Warning"]?.contains("'v%c3%a9'") == true)
            }
        }
    }

    @Test func unknownSortKeyIsInTheHeader() async throws {
        try await Self.fixture { client async throws in
            let answer = try await client.ask(.get, Self.path, headers: ["X-Sort-Key": "valeu"])
            #expect(answer["Ledge-Warning"] == "telemetry has no field 'valeu'; did you mean 'value'? (X-Sort-Key)")
        }
    }

    @Test func lineBreaksOfTheClientAreEscaped() async throws {
        try await Self.fixture { client async throws in
            let answer = try await client.ask(.get, "\(Self.path)?a%0D%0ASet-Cookie:%20b%25=1")
            #expect(answer["Ledge-Warning"] == "telemetry has no field 'a%0d%0aSet-Cookie: b%25'")
            #expect(answer["Set-Cookie"] == nil)
        }
    }

    @Test func manyWarningsFitAKilobyte() async throws {
        try await Self.fixture { client async throws in
            let query = (0..<60).map { "\(String(repeating: "x", count: 50))\($0)=1" }.joined(separator: "&")
            let header = try #require(try await client.ask(.get, "\(Self.path)?\(query)")["Ledge-Warning"])
            #expect((900...1_024).contains(header.utf8.count))
            #expect(header.hasSuffix("..."))
        }
    }

    @Test func unreadableTimeIsABadRequest() async throws {
        try await Self.fixture { client async throws in
            let start = "'committed_at__gte' must be a time, not 'yesterday'; write 2026-11-23T19:16:04Z, "
            let get = try await client.ask(.get, "\(Self.path)/count?committed_at__gte=yesterday")
            let post = try await client.ask(.post, "\(Self.path)/list", ["committed_at__gte": "yesterday"])
            for answer in [get, post] {
                #expect(answer.status == 400)
                #expect(try answer.message?.hasPrefix(start) == true)
            }
            let histogram = try await client.ask(.get, "/api/v1/statuses/histogram?start_date=yesterday")
            #expect(histogram.status == 400)
            #expect(try histogram.message?.hasPrefix("'start_date' must be a time, not 'yesterday'") == true)
        }
    }

    @Test func dateOfRFC1123IsATimeEverywhere() async throws {
        try await Self.fixture { client async throws in
            let date = "Mon,%2023%20Nov%202020%2019:36:20%20GMT"
            for path in [
                "telemetry/count?committed_at__gte=\(date)", "telemetry/count?committed_at__gte=2020-11-23T19:36",
            ] {
                #expect(try await client.ask(.get, "/api/v1/\(path)").text == "3")
            }
            #expect(try await client.ask(.get, "/api/v1/statuses/histogram?start_date=\(date)").status == 200)
            let document: JSON = ["key": "k", "client_id": "c", "timestamp": "Mon, 23 Nov 2020 19:36:20 GMT"]
            let stored = try await client.ask(.post, Self.path, document)
            #expect(stored.status == 201)
            #expect(try stored.json["timestamp"] == "2020-11-23T19:36:20.000000Z")
        }
    }

    @Test func attributesAreFilteredByNodeID() async throws {
        try await ServerFixture().run { client async throws in
            for id in ["e1", "e2"] {
                let attribute: JSON = ["key": "k", "value": .string(id), "sender": ["client_id": .string(id)]]
                #expect(try await client.ask(.post, "/api/v1/attributes", attribute).status == 201)
            }
            let trail = try await client.ask(.post, "/api/v1/attributes/list", ["node_id": "e1"])
            #expect(try trail.listed("value") == ["e1"])
            #expect(try await client.ask(.get, "/api/v1/attributes?node_id=e2").listed("value") == ["e2"])
        }
    }
}
