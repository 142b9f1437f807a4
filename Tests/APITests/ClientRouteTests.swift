import Federation
import HTTPTypes
import HummingbirdTesting
import JSON
import Store
import Testing

@testable import API

struct ClientRouteTests {
    private static let add = "/api/v1/clients/add"
    private static let edge: JSON = [
        "name": "Lund", "client_id": "c1", "preferred_combiner": nil, "package": "local", "client_version": "1.1.0",
    ]

    private static func withCombiners(
        _ declarations: [CombinerDeclaration] = [CombinerDeclaration(name: "north", host: "10.0.0.1", port: 12080)],
        _ body: @escaping @Sendable (ServerFixture, APIClient) async throws -> Void
    ) async throws {
        let fixture = try ServerFixture()
        for declaration in declarations { try await fixture.network.combiners.declare(declaration) }
        try await fixture.run { client async throws in try await body(fixture, client) }
    }

    @Test func joiningClientReceivesItsCombiner() async throws {
        try await Self.withCombiners { _, client async throws in
            let answer = try await client.ask(.post, Self.add, Self.edge)
            #expect(answer.status == 200, "the official client takes 201 for a failure")
            let expected: [(FieldPath, JSON)] = [
                ("client_id", "c1"), ("public_hostname", "10.0.0.1"), ("port", 12080), ("grpc_secure", false),
                ("helper_type", "numpyhelper"), ("combiner", "north"),
            ]
            for (path, value) in expected { #expect(try answer.json[path: path] == value) }
            let stored = try await client.ask(.get, "/api/v1/clients/c1").json
            #expect(stored[path: "status"] == "available")
            #expect(stored[path: "combiner"] == "north")
            #expect(stored[path: "last_seen"]?.string != nil)
        }
    }

    @Test func rejoiningClientKeepsItsDocument() async throws {
        try await Self.withCombiners { _, client async throws in
            for _ in 0..<3 { #expect(try await client.ask(.post, Self.add, Self.edge).status == 200) }
            #expect(try await client.ask(.get, "/api/v1/clients/count").text == "1")
        }
    }

    @Test func clientWithoutAnIDReceivesOne() async throws {
        try await Self.withCombiners { _, client async throws in
            let fields: JSON = ["name": "n"]
            let id = try await client.ask(.post, Self.add, fields).json[path: "client_id"]?.string
            #expect(id?.utf8.count == 36)
        }
    }

    static let refusals: [(JSON, Int, String)] = [
        (["client_id": "c"], 400, "missing field 'name'"),
        (["name": "n", "package": "x"], 400, "field 'package' must be 'local' or 'remote'"),
        (
            ["name": "n", "client_version": "0.33.0"], 406,
            "Client version 0.33.0 does not fit this server, which speaks to versions 1.x"
        ),
        (
            ["name": "n", "client_version": "2"], 406,
            "Client version 2 does not fit this server, which speaks to versions 1.x"
        ),
        (["name": "n", "preferred_combiner": "x"], 400, "Combiner x not found or unavailable."),
        (["name": "n", "package": "remote"], 203, "No compute package found. Set package in controller."),
    ]

    @Test(arguments: refusals.indices)
    func refusedClientReceivesTheReason(_ index: Int) async throws {
        let (body, status, message) = Self.refusals[index]
        try await Self.withCombiners { _, client async throws in
            let answer = try await client.ask(.post, Self.add, body)
            #expect(answer.status == status)
            #expect(try answer.message == message)
            #expect(try await client.ask(.get, "/api/v1/clients/count").text == "0")
        }
    }

    @Test(arguments: ["count", "list", "add", "config", "enroll", "token", ".", ".."])
    func clientThatNoPathCanNameIsRefused(_ id: String) async throws {
        try await Self.withCombiners { _, client async throws in
            let answer = try await client.ask(.post, Self.add, ["name": "n", "client_id": .string(id)])
            #expect(answer.status == 400)
            #expect(
                try answer.message
                    == "field 'client_id' must not be '\(id)', which has another meaning in the paths of this API"
            )
            #expect(try await client.ask(.get, "/api/v1/clients/count").text == "0")
        }
    }

    @Test func joiningWithoutACombinerIsRefused() async throws {
        try await Self.withCombiners([]) { _, client async throws in
            let answer = try await client.ask(.post, Self.add, Self.edge)
            #expect(answer.status == 400)
            #expect(try answer.message == "No combiner available.")
        }
    }

    @Test func publicHostNameMayHaveAPort() async throws {
        try await Self.withCombiners { _, client async throws in
            let path = "/api/v1/combiners/north"
            let changed = try await client.ask(.patch, path, ["public_hostname": "edge.example:443"])
            #expect(try changed.message == "Combiner updated")
            let answer = try await client.ask(.post, Self.add, Self.edge)
            #expect(try answer.json[path: "public_hostname"] == "edge.example")
            #expect(try answer.json[path: "port"] == 443)
            #expect(try answer.json[path: "internal_hostname"] == "10.0.0.1")
        }
    }

    @Test func onlyHostNamesOfACombinerCanChange() async throws {
        try await Self.withCombiners { _, client async throws in
            let answer = try await client.ask(.patch, "/api/v1/combiners/north", ["port": 1])
            #expect(answer.status == 400)
            #expect(try await client.ask(.patch, "/api/v1/combiners/x", ["public_hostname": "h"]).status == 404)
        }
    }

    @Test(arguments: ["a:70000", "evil host", "a:0", "http://h:1"])
    func malformedHostNameIsRefused(_ name: String) async throws {
        try await Self.withCombiners { _, client async throws in
            let path = "/api/v1/combiners/north"
            let answer = try await client.ask(.patch, path, ["public_hostname": .string(name)])
            #expect(answer.status == 400)
        }
    }

    @Test func onlyOnlineClientsAreCounted() async throws {
        try await Self.withCombiners { fixture, client async throws in
            _ = try await client.ask(.post, Self.add, Self.edge)
            let path = "/api/v1/combiners/clients/count"
            let none: JSON = ["result": [["combiner_id": "north", "client_count": 0]]]
            #expect(try await client.ask(.post, path, [:]).json == none)
            _ = try await fixture.store.collection("clients").update("c1") { old in
                var client = old
                client["status"] = "online"
                return client
            }
            let one: JSON = ["result": [["combiner_id": "north", "client_count": 1]]]
            #expect(try await client.ask(.post, path, ["combiners": "north"]).json == one)
        }
    }

    /// The port that a URL without one implies, as the first proxy reports its scheme.
    @Test(arguments: [
        ("https", 443), ("HTTPS", 443), (" https , http", 443), ("https,", 443), ("http", 80), ("http, https", 80),
        ("httpsx", 80), ("", 80),
    ])
    func configurationContainsThePortOfTheProxy(_ scheme: String, _ port: Int64) async throws {
        try await Self.withCombiners { _, client async throws in
            let headers = ["X-Forwarded-Proto": scheme]
            let answer = try await client.ask(.get, "/api/v1/clients/config", headers: headers).json
            #expect(answer[path: "discover_host"] == "localhost")
            #expect(answer[path: "discover_port"]?.int == port)
        }
    }

    @Test func configurationContainsTheRequestedHost() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let answer = try await client.ask(.get, "/api/v1/clients/config?checksum=true").json
            #expect(answer[path: "network_id"] == "ledge")
            #expect(answer[path: "discover_host"] == "localhost")
            #expect(answer[path: "discover_port"]?.int ?? 0 > 0)
            #expect(answer.object?["checksum"] == nil, "there is no package")
        }
    }
}
