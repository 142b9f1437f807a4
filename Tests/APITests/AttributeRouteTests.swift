import HTTPTypes
import JSON
import Testing

@testable import API

struct AttributeRouteTests {
    private static func add(_ client: APIClient, _ key: String, _ value: String, _ entity: String) async throws {
        let body: JSON = ["key": .string(key), "value": .string(value), "entity_id": .string(entity)]
        #expect(try await client.ask(.post, "/api/v1/attributes/", body).status == 201)
    }

    @Test(arguments: ["entity_ids", "node_ids", "client_ids"])
    func newestValueOfEachKeyIsCurrent(_ name: String) async throws {
        try await ServerFixture().run { client async throws in
            for (key, value, entity) in [
                ("charging", "no", "e1"), ("site", "Lund", "e1"), ("charging", "yes", "e1"), ("charging", "no", "e2"),
            ] { try await Self.add(client, key, value, entity) }
            let ids = JSON.object(JSONObject([(name, JSON.array(["e1", "e2", "e3"]))]))
            let answer = try await client.ask(.post, "/api/v1/attributes/current", ids)
            #expect(answer.status == 200)
            #expect(
                try answer.json
                    == ["e1": ["charging": "yes", "site": "Lund"], "e2": ["charging": "no"], "e3": [:]]
            )
        }
    }

    @Test func repeatedEntityIsReadOnce() async throws {
        try await ServerFixture().run { client async throws in
            try await Self.add(client, "k", "1", "e1")
            let body: JSON = ["entity_ids": .array(Array(repeating: "e1", count: 10_000) + ["e2", "e1"])]
            let answer = try await client.ask(.post, "/api/v1/attributes/current", body)
            #expect(answer.text == #"{"e1":{"k":"1"},"e2":{}}"#)
        }
    }

    @Test(arguments: [("attributes/current", "entity_ids"), ("combiners/clients/count", "combiners")])
    func numberOfDifferentIDsIsLimited(_ path: String, _ name: String) async throws {
        try await ServerFixture().run { client async throws in
            for (count, status) in [(1_000, 200), (1_001, 400)] {
                let ids = JSON.array((0..<count).map { .string("e\($0)") })
                let answer = try await client.ask(.post, "/api/v1/\(path)", .object(JSONObject([(name, ids)])))
                #expect(answer.status == status)
                if status == 400 { #expect(try answer.message?.contains("at most 1000 different strings") == true) }
            }
        }
    }

    @Test func longAttributesOfAnEntityAreRefused() async throws {
        try await ServerFixture().run { client async throws in
            let value = String(repeating: "v", count: 900_000)
            for key in ["a", "b", "c", "d"] { try await Self.add(client, key, value, "e1") }
            try await Self.add(client, "a", value, "e1")
            #expect(try await client.ask(.post, "/api/v1/attributes/current", ["entity_ids": "e1"]).status == 200)
            try await Self.add(client, "e", value, "e1")
            let answer = try await client.ask(.post, "/api/v1/attributes/current", ["entity_ids": "e1"])
            #expect(answer.status == 400)
            #expect(try answer.message?.contains("longer than 4194304 bytes") == true)
        }
    }

    @Test func attributesOfAClientAreReturned() async throws {
        let fixture = try ServerFixture()
        try await fixture.addClient("e1", name: "n")
        try await fixture.run { client async throws in
            try await Self.add(client, "site", "Lund", "e1")
            #expect(try await client.ask(.get, "/api/v1/clients/e1/attributes").json == ["site": "Lund"])
            let unknown = try await client.ask(.get, "/api/v1/clients/e2/attributes")
            #expect(unknown.status == 404)
            #expect(try unknown.message == "Entity with id: e2 not found")
        }
    }

    @Test func attributesAreFilteredByEntity() async throws {
        try await ServerFixture().run { client async throws in
            try await Self.add(client, "k", "1", "e1")
            try await Self.add(client, "k", "2", "e1")
            try await Self.add(client, "k", "3", "e2")
            let trail = try await client.ask(.post, "/api/v1/attributes/list", ["entity_id": "e1"])
            #expect(try trail.listed("value") == ["2", "1"])
            let bySender = try await client.ask(.get, "/api/v1/attributes/?sender.client_id=e2")
            #expect(try bySender.listed("value") == ["3"])
        }
    }
}

struct HelperRouteTests {
    @Test func lastHelperSetIsActive() async throws {
        try await ServerFixture().run { client async throws in
            let path = "/api/v1/helpers/active"
            #expect(try await client.ask(.get, path).text == #""numpyhelper""#)
            for name in ["binaryhelper", "androidhelper"] {
                let answer = try await client.ask(.put, path, ["helper": .string(name)])
                #expect(answer.status == 200)
                #expect(try answer.json == ["message": "Active helper set", "active_helper": .string(name)])
                #expect(try await client.ask(.get, path).json == .string(name))
            }
        }
    }
}
