import HTTPTypes
import JSON
import Store
import Testing

@testable import API

struct SessionRouteTests {
    private static let sessions = "/api/v1/sessions/"

    private static func make(_ client: APIClient, _ body: JSON) async throws -> String {
        let answer = try await client.ask(.post, sessions, body)
        #expect(answer.status == 201)
        return try #require(try answer.json[path: "session_id"]?.string)
    }

    /// The example of the reference, which FEDn refuses.
    @Test func missingFieldsGetTheirDefaults() async throws {
        try await ServerFixture().run { client async throws in
            _ = try await client.ask(.put, "/api/v1/helpers/active", ["helper": "binaryhelper"])
            let body: JSON = [
                "name": "n", "description": "d",
                "session_config": ["model_id": "seed", "rounds": 10, "clients_required": 3],
            ]
            let answer = try await client.ask(.post, Self.sessions, body)
            #expect(answer.status == 201)
            let session = try answer.json
            #expect(session[path: "status"] == "Created")
            #expect(session[path: "seed_model_id"] == "seed")
            let expected: [(FieldPath, JSON)] = [
                ("aggregator", "fedavg"), ("round_timeout", 180), ("buffer_size", -1), ("validate", true),
                ("delete_models_storage", true), ("helper_type", "binaryhelper"), ("rounds", 10),
            ]
            for (path, value) in expected { #expect(session[path: "session_config"]?[path: path] == value) }
        }
    }

    static let refusals: [(JSON, String)] = [
        (["name": "n"], "missing field 'session_config'"),
        (["session_config": [:]], "missing field 'session_config.model_id'"),
        (["session_config": ["model_id": "m", "round": 1]], "Invalid object: unknown field 'session_config.round'"),
        (["session_config": ["model_id": "m", "rounds": "x"]], "field 'session_config.rounds' must be an integer"),
        (["session_config": 7], "field 'session_config' must be an object"),
        (
            ["session_config": ["model_id": "m", "round_timeout": 0]],
            "field 'session_config.round_timeout' must be at least 1 second"
        ),
        (
            ["session_config": ["model_id": "m", "clients_required": -1]],
            "field 'session_config.clients_required' must be at least 1"
        ),
        (
            ["session_config": ["model_id": "m", "buffer_size": 0]],
            "field 'session_config.buffer_size' must be at least 1, or -1 for every selected client"
        ),
        (["session_config": ["model_id": ""]], "field 'session_config.model_id' must be a text that is not empty"),
        (
            ["session_config": ["model_id": "m", "helper_type": ""]],
            "field 'session_config.helper_type' must be a text that is not empty"
        ),
        (
            ["session_config": ["model_id": "m", "aggregator": ""]],
            "field 'session_config.aggregator' must be a text that is not empty"
        ),
        (
            ["session_config": ["model_id": "m", "validate": .null]],
            "field 'session_config.validate' must be true or false"
        ),
        (["session_config": ["model_id": "m"], "colour": "red"], "Invalid object: unknown field 'colour'"),
    ]

    @Test(arguments: refusals.indices)
    func invalidFieldIsNamed(_ index: Int) async throws {
        let (body, message) = Self.refusals[index]
        try await ServerFixture().run { client async throws in
            let answer = try await client.ask(.post, Self.sessions, body)
            #expect(answer.status == 400)
            #expect(try answer.message == message)
        }
    }

    @Test func patchChangesOnlyTheSentFields() async throws {
        try await ServerFixture().run { client async throws in
            let id = try await Self.make(client, ["name": "n", "session_config": ["model_id": "m", "rounds": 3]])
            let change: JSON = ["session_id": "other", "session_config": ["rounds": 7], "description": "d"]
            let session = try await client.ask(.patch, Self.sessions + id, change).json
            #expect(session[path: "session_id"]?.string == id)
            #expect(session[path: "name"] == "n")
            #expect(session[path: "description"] == "d")
            #expect(session[path: "session_config.rounds"] == 7)
            #expect(session[path: "session_config.model_id"] == "m")
            let name: JSON = ["name": "n"]
            #expect(try await client.ask(.patch, Self.sessions + "x", name).status == 404)
            let colour: JSON = ["colour": "red"]
            #expect(try await client.ask(.patch, Self.sessions + id, colour).status == 400)
        }
    }

    /// Only the controller decides how a session ends.
    @Test func startedSessionCanOnlyBeTerminated() async throws {
        let fixture = try ServerFixture()
        try await fixture.run { client async throws in
            let id = try await Self.make(client, ["session_config": ["model_id": "m"]])
            #expect(try await client.ask(.patch, Self.sessions + id, ["status": "Started"]).status == 200)
            for status in ["Finished", "Created"] {
                let answer = try await client.ask(.patch, Self.sessions + id, ["status": .string(status)])
                #expect(answer.status == 400)
                #expect(try answer.message == "field 'status' cannot be changed")
            }
            let whole: JSON = ["session_config": ["model_id": "m"]]
            #expect(try await client.ask(.put, Self.sessions + id, whole).status == 400, "the default is Created")
            #expect(try await client.ask(.patch, Self.sessions + id, ["status": "Terminated"]).status == 200)
        }
    }

    @Test func putReplacesTheWholeSession() async throws {
        try await ServerFixture().run { client async throws in
            let body: JSON = ["name": "n", "description": "d", "session_config": ["model_id": "m", "rounds": 3]]
            let id = try await Self.make(client, body)
            let old = try await client.ask(.get, Self.sessions + id).json
            let whole: JSON = ["session_id": "other", "name": "new", "session_config": ["model_id": "m2"]]
            let session = try await client.ask(.put, Self.sessions + id, whole).json
            #expect(session[path: "session_id"]?.string == id)
            #expect(session[path: "description"] == .null)
            #expect(session[path: "session_config.rounds"] == 5, "the default")
            #expect(session[path: "committed_at"] == old[path: "committed_at"])
            #expect(try await client.ask(.put, Self.sessions + "x", whole).status == 404)
            #expect(try await client.ask(.put, Self.sessions + id, ["name": "n"]).status == 400)
        }
    }

    @Test(arguments: ["sessions/start", "control/start_session"])
    func refusedStartReturnsTheReason(_ path: String) async throws {
        try await ServerFixture().run { client async throws in
            let id = try await Self.make(client, ["session_config": ["model_id": "m", "clients_required": 2]])
            let cases: [(JSON, String)] = [
                (["session_id": .string(id), "client_ids": ["a"]], "client_ids must be a comma separated string"),
                (
                    ["session_id": .string(id), "client_ids": " , ,"],
                    "client_ids must be a comma separated string"
                ),
                ([:], "Session ID is required"),
                (["session_id": "x"], "Session with specified ID does not exist"),
                (["session_id": .string(id)], "Number of available clients is lower than the required minimum of 2"),
            ]
            for (body, message) in cases {
                let answer = try await client.ask(.post, "/api/v1/\(path)", body)
                #expect(answer.status == 400)
                #expect(try answer.message == message)
            }
        }
    }
}
