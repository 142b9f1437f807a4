import HTTPTypes
import JSON
import Testing

@testable import API

struct ResourceRouteTests {
    private static let telemetry = "/api/v1/telemetry"

    private static func post(_ client: APIClient, _ key: String, _ clientID: String) async throws {
        let body: JSON = [
            "telemetry_id": .string("\(key)-\(clientID)"), "key": .string(key), "client_id": .string(clientID),
        ]
        #expect(try await client.ask(.post, telemetry, body).status == 201)
    }

    @Test func createdDocumentIsReadBack() async throws {
        try await ServerFixture().run { client async throws in
            let body: JSON = ["key": "cpu", "value": 0.5, "client_id": "edge-1", "meta": ["unit": "%"]]
            let created = try await client.ask(.post, "\(Self.telemetry)/", body)
            #expect(created.status == 201)
            let id = try #require(try created.json[path: "telemetry_id"]?.string)
            let read = try await client.ask(.get, "\(Self.telemetry)/\(id)")
            #expect(read.status == 200)
            #expect(read.bytes == created.bytes)
            #expect(try read.json[path: "meta.unit"] == "%")
            #expect(try read.json[path: "committed_at"]?.string?.hasSuffix("Z") == true)
        }
    }

    @Test func formIsAccepted() async throws {
        try await ServerFixture().run { client async throws in
            let created = try await client.ask(.post, Self.telemetry, form: "key=gpu+load&value=1.5&client_id=c%2C1")
            #expect(created.status == 201)
            #expect(try created.json[path: "key"] == "gpu load")
            #expect(try created.json[path: "value"] == 1.5)
            #expect(try created.json[path: "client_id"] == "c,1")
        }
    }

    /// `curl -d` declares every body as a form.
    @Test func jsonIsDetectedByItsFirstByte() async throws {
        try await ServerFixture().run { client async throws in
            let body = #" {"key":"k","client_id":"c"}"#
            #expect(try await client.ask(.post, Self.telemetry, form: body).status == 201)
            let type = ["Content-Type": "text/plain; charset=utf-8"]
            #expect(try await client.ask(.post, Self.telemetry, headers: type, bytes: Array(body.utf8)).status == 201)
        }
    }

    @Test func existingIDIsAConflict() async throws {
        try await ServerFixture().run { client async throws in
            try await Self.post(client, "k", "c")
            let body: JSON = ["telemetry_id": "k-c", "key": "other", "client_id": "c"]
            let again = try await client.ask(.post, Self.telemetry, body)
            #expect(again.status == 409)
            #expect(try again.message == "Entity with id: k-c already exists")
            #expect(try await client.ask(.get, "\(Self.telemetry)/k-c").json[path: "key"] == "k")
        }
    }

    @Test func listIsNewestFirst() async throws {
        try await ServerFixture().run { client async throws in
            for key in ["a", "b", "c"] { try await Self.post(client, key, "x") }
            let answer = try await client.ask(.get, Self.telemetry)
            #expect(try answer.listed("key") == ["c", "b", "a"])
            #expect(try answer.json[path: "count"] == 3)
        }
    }

    static let pages: [([String: String], [String])] = [
        ([:], ["e", "d", "c", "b", "a"]),
        (["X-Limit": "2"], ["e", "d"]),
        (["X-Limit": "2", "X-Skip": "1"], ["d", "c"]),
        (["X-Skip": "3"], ["b", "a"]),
        (["X-Skip": "9"], []),
        (["X-Limit": "9"], ["e", "d", "c", "b", "a"]),
        (["X-Limit": "-1"], ["e", "d", "c", "b", "a"]),
        (["X-Limit": "0"], ["e", "d", "c", "b", "a"]),
        (["X-Limit": "abc"], ["e", "d", "c", "b", "a"]),
        (["X-Limit": "1.5"], ["e", "d", "c", "b", "a"]),
        (["X-Limit": "99999999999999999999"], ["e", "d", "c", "b", "a"]),
        (["X-Skip": "-1", "X-Limit": "1"], ["e"]),
        (["X-Sort-Order": "asc", "X-Limit": "2"], ["a", "b"]),
        (["X-Sort-Order": "ASC"], ["a", "b", "c", "d", "e"]),
        (["X-Sort-Order": "upwards"], ["e", "d", "c", "b", "a"]),
        (["X-Sort-Key": "client_id", "X-Sort-Order": "asc"], ["a", "c", "e", "b", "d"]),
        (["X-Sort-Key": "client_id"], ["d", "b", "e", "c", "a"]),
        (["X-Sort-Key": "sender.client_id", "X-Limit": "1"], ["d"]),
        (["X-Sort-Key": "nonsense"], ["e", "d", "c", "b", "a"]),
        (["X-Sort-Key": ""], ["e", "d", "c", "b", "a"]),
    ]

    @Test(arguments: pages.indices)
    func headersSelectThePage(_ index: Int) async throws {
        let (headers, expected) = Self.pages[index]
        try await ServerFixture().run { client async throws in
            for (key, clientID) in [("a", "1"), ("b", "2"), ("c", "1"), ("d", "2"), ("e", "1")] {
                try await Self.post(client, key, clientID)
            }
            let answer = try await client.ask(.get, Self.telemetry, headers: headers)
            #expect(try answer.listed("key") == expected, "\(headers)")
            #expect(try answer.json[path: "count"] == 5, "the count ignores paging")
        }
    }

    static let queries: [(String, [String])] = [
        ("key=a", ["a-1"]),
        ("client_id=1", ["c-1", "a-1"]),
        ("client_id=1&key=a", ["a-1"]),
        ("sender.client_id=2", ["b-2"]),
        ("sender.role=CLIENT&key=b", ["b-2"]),
        ("key=a,b", []),
        ("key__ne=a", ["c-1", "b-2"]),
        ("key__gte=b", ["c-1", "b-2"]),
        ("key__gt=a&key__lt=c", ["b-2"]),
        ("key__like=a", ["c-1", "b-2", "a-1"]),
        ("session_id=null", ["c-1", "b-2", "a-1"]),
        ("nonsense=1", []),
        ("key=a&key=b", ["a-1"]),
        ("committed_at__gte=2020-01-01T00:00:00", ["c-1", "b-2", "a-1"]),
    ]

    @Test(arguments: queries)
    func queryIsAFilter(_ query: String, _ expected: [String]) async throws {
        try await ServerFixture().run { client async throws in
            for (key, clientID) in [("a", "1"), ("b", "2"), ("c", "1")] { try await Self.post(client, key, clientID) }
            let listed = try await client.ask(.get, "\(Self.telemetry)/?\(query)")
            #expect(try listed.listed("telemetry_id") == expected)
            #expect(try await client.ask(.get, "\(Self.telemetry)/count?\(query)").text == "\(expected.count)")
        }
    }

    static let bodies: [(String, [String])] = [
        ("", ["c-1", "b-2", "a-1"]),
        ("{}", ["c-1", "b-2", "a-1"]),
        ("[]", ["c-1", "b-2", "a-1"]),
        (#"{"key":"a,b"}"#, ["b-2", "a-1"]),
        (#"{"key":["a","c"]}"#, ["c-1", "a-1"]),
        (#"{"key":[]}"#, []),
        (#"{"client_id":1}"#, ["c-1", "a-1"]),
        (#"{"client_id":"1","key__ne":"a"}"#, ["c-1"]),
        (#"{"session_id":null}"#, ["c-1", "b-2", "a-1"]),
    ]

    @Test(arguments: bodies)
    func bodyIsAFilter(_ body: String, _ expected: [String]) async throws {
        try await ServerFixture().run { client async throws in
            for (key, clientID) in [("a", "1"), ("b", "2"), ("c", "1")] { try await Self.post(client, key, clientID) }
            let listed = try await client.ask(.post, "\(Self.telemetry)/list", bytes: Array(body.utf8))
            #expect(try listed.listed("telemetry_id") == expected)
            let counted = try await client.ask(.post, "\(Self.telemetry)/count", bytes: Array(body.utf8))
            #expect(counted.text == "\(expected.count)")
        }
    }

    @Test func formBodyIsAFilter() async throws {
        try await ServerFixture().run { client async throws in
            for (key, clientID) in [("a", "1"), ("b", "2"), ("c", "1")] { try await Self.post(client, key, clientID) }
            let listed = try await client.ask(.post, "\(Self.telemetry)/list", form: "key=a%2Cb&client_id=1")
            #expect(try listed.listed("telemetry_id") == ["a-1"])
        }
    }

    @Test func tooManyConditionsAreRefused() async throws {
        try await ServerFixture().run { client async throws in
            func query(_ count: Int) -> String { (0..<count).map { "k\($0)__ne=1" }.joined(separator: "&") }
            #expect(try await client.ask(.get, "\(Self.telemetry)?\(query(64))").status == 200)
            #expect(try await client.ask(.get, "\(Self.telemetry)?\(query(65))").status == 400)
        }
    }

    @Test func nameOfTheSenderIsFilledIn() async throws {
        let fixture = try ServerFixture()
        try await fixture.addClient("edge-1", name: "Lund")
        try await fixture.run { client async throws in
            let body: JSON = ["status": "s", "sender": ["client_id": "edge-1"]]
            let known = try await client.ask(.post, "/api/v1/statuses/", body)
            #expect(known.status == 201)
            #expect(
                try known.json[path: "sender"]
                    == ["name": "Lund", "role": "client", "client_id": "edge-1", "combiner_id": nil]
            )
            let unknown = try await client.ask(.post, "/api/v1/statuses", ["sender": ["client_id": "edge-2"]])
            #expect(unknown.status == 400, "the reference resolves every sender of a status")
            #expect(try unknown.message == "the sender, client edge-2, is not known here")
            let listed = try await client.ask(.get, "/api/v1/statuses/?sender.name=Lund")
            #expect(try listed.json[path: "count"] == 1)
        }
    }

    @Test func sentNameIsKept() async throws {
        let fixture = try ServerFixture()
        try await fixture.addClient("edge-1", name: "Lund")
        try await fixture.run { client async throws in
            let sender: JSON = ["client_id": "edge-1", "name": "own", "role": "CLIENT"]
            let answer = try await client.ask(.post, "/api/v1/statuses", ["sender": sender])
            #expect(try answer.json[path: "sender.name"] == "own")
            #expect(try answer.json[path: "sender.role"] == "client")
        }
    }

    @Test func clientIsDeleted() async throws {
        let fixture = try ServerFixture()
        try await fixture.addClient("edge/1", name: "Lund")
        try await fixture.run { client async throws in
            let answer = try await client.ask(.delete, "/api/v1/clients/edge%2F1")
            #expect(answer.status == 200)
            #expect(try answer.json == ["message": "Client deleted"])
            #expect(try await client.ask(.get, "/api/v1/clients/edge%2F1").status == 404)
        }
    }

    @Test func headIsGetWithoutTheBody() async throws {
        try await ServerFixture().run { client async throws in
            let answer = try await client.ask(.head, Self.telemetry)
            #expect(answer.status == 200)
            #expect(answer.bytes.isEmpty)
            #expect(answer["Content-Length"] == "\(#"{"count":0,"result":[]}"#.utf8.count)")
        }
    }
}
