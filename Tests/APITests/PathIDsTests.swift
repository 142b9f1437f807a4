import Catalog
import Federation
import HTTPTypes
import HummingbirdTesting
import JSON
import Store
import Testing

@testable import API

/// Ids that clients choose: what is accepted can be read by its path.
struct PathIDsTests {
    /// Every word that is a path of its own in the place of an id of this resource.
    private static func words(_ resource: Resource, _ endpoints: [Endpoint]) -> Set<String> {
        Set(
            endpoints.compactMap { endpoint in
                let segments = endpoint.path.split(separator: "/").map(String.init)
                guard segments.count > 3, segments[2] == resource.name, segments[3] != "{id}" else { return nil }
                return segments[3]
            }
        )
    }

    @Test func everyWordOfThePathsIsRefused() async throws {
        let fixture = try ServerFixture()
        let endpoints = fixture.routes.makeTable().endpoints
        let ids = PathIDs(endpoints)
        for resource in Resource.all {
            for word in Self.words(resource, endpoints).union([".", ".."]) {
                #expect(throws: ValidationError.reservedID(field: resource.key, id: word)) {
                    try ids.check([resource.key: .string(word)], of: resource)
                }
            }
            for word in ["counts", "Count", "a/b", "...", "{id}", "1"] {
                try ids.check([resource.key: .string(word)], of: resource)
            }
            try ids.check([:], of: resource)
        }
        #expect(Self.words(.clients, endpoints).isSuperset(of: ["count", "list", "add", "config", "enroll", "token"]))
        #expect(Self.words(.combiners, endpoints).contains("clients"))
        #expect(Self.words(.models, endpoints).contains("leaf-nodes"))
        #expect(throws: ValidationError.self) {
            try fixture.server.check(CombinerDeclaration(name: "count", host: "h", port: 1))
        }
        try await fixture.store.close()
    }

    private static let events: [String: JSONObject] = [
        "telemetry": ["key": "k", "value": 1, "client_id": "c"],
        "statuses": ["status": "s", "sender": ["client_id": "c"]],
        "attributes": ["key": "k", "value": "1", "entity_id": "c"],
    ]

    @Test(arguments: events.keys.sorted())
    func acceptedEventIsReadByItsPath(_ name: String) async throws {
        let resource = try #require(Resource.all.first { $0.name == name })
        let fixture = try ServerFixture()
        try await fixture.addClient("c", name: "n")
        try await fixture.run { client async throws in
            let ids = [
                "a/b", "a b", "a+b", "a%b", "a%2Fb", "a?b", "a#b", "ü", "u\u{308}", "..", ".", "...", "a:b", "a;b",
                "count", "list", "current", "histogram", "{id}", "*", "\u{0}", "a\\b", "null", "1", "A/", "/", "//",
            ]
            for id in ids {
                var object = try #require(Self.events[name])
                object[resource.key] = .string(id)
                let answer = try await client.ask(.post, "/api/v1/\(name)", .object(object))
                guard answer.status == 201 else {
                    #expect(answer.status == 400, "\(id)")
                    #expect(try answer.message?.contains("'\(id)'") == true)
                    let line = JSON.object(object).bytes
                    let lines = try await client.ask(.post, "/api/v1/\(name)", headers: IngestTests.type, bytes: line)
                    #expect(try lines.json["refused"] == 1)
                    continue
                }
                let escaped = id.utf8.map { "%" + Hexadecimal.text(UInt64($0)).suffix(2) }.joined()
                let found = try await client.ask(.get, "/api/v1/\(name)/\(escaped)")
                #expect(found.status == 200, "\(id)")
                #expect(try found.json[resource.key]?.string == id)
            }
        }
    }
}
