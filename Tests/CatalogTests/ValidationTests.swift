import JSON
import Testing

@testable import Catalog

struct ValidationTests {
    static let telemetry: JSONObject = ["key": "cpu", "value": 0.5, "client_id": "edge-1"]

    // MARK: What comes out

    @Test func everyFieldIsThere() throws {
        let document = try Resource.telemetry.validate(Self.telemetry)
        #expect(document.keys == Resource.telemetry.fields.map(\.name))
        #expect(document["session_id"] == .null)
        #expect(document["telemetry_id"] == .null)
    }

    @Test func whatWasSentIsKept() throws {
        let sent = try #require(try JSON(parsing: #"{"key":"k","value":1.50,"client_id":"c"}"#.utf8).object)
        #expect(try Resource.telemetry.validate(sent)["value"]?.number?.text == "1.50")
    }

    @Test func stampsThatAreSentBackAreNotUnknown() throws {
        var object = Self.telemetry
        object["committed_at"] = "2020-01-01T00:00:00Z"
        object["updated_at"] = .null
        #expect(try Resource.telemetry.validate(object)["committed_at"] == nil)
    }

    @Test(
        arguments: [
            ("2026-11-23T19:16:04Z", "2026-11-23T19:16:04.000000Z"),
            ("2026-11-23T21:16:04.5+02:00", "2026-11-23T19:16:04.500000Z"),
            ("2026-11-23 19:16:04", "2026-11-23T19:16:04.000000Z"),
            ("2026-11-23T19:16", "2026-11-23T19:16:00.000000Z"),
            ("Mon, 23 Nov 2026 19:16:04 GMT", "2026-11-23T19:16:04.000000Z"),
        ]
    )
    func timestampsAreKeptInOneForm(_ sent: String, _ kept: String) throws {
        var object = Self.telemetry
        object["timestamp"] = .string(sent)
        #expect(try Resource.telemetry.validate(object)["timestamp"] == .string(kept))
    }

    // MARK: Both dialects

    @Test func anEntityBecomesTheSender() throws {
        let document = try Resource.attributes.validate(["key": "k", "value": "v", "entity_id": "e1"])
        #expect(
            document["sender"] == ["name": nil, "role": "client", "client_id": "e1", "combiner_id": nil]
        )
    }

    @Test(arguments: ["client_id", "combiner_id"])
    func aSenderBecomesTheEntity(_ member: String) throws {
        let sender = JSON.object(JSONObject([(member, JSON.string("e1"))]))
        let document = try Resource.attributes.validate(["key": "k", "value": "v", "sender": sender])
        #expect(document["entity_id"] == "e1")
    }

    @Test(arguments: ["client_id", "combiner_id"])
    func validationHasTheIDOfItsSender(_ member: String) throws {
        let sender = JSON.object(JSONObject([(member, JSON.string("e1"))]))
        #expect(try Resource.validations.validate(["model_id": "m", "sender": sender])["node_id"] == "e1")
        #expect(try Resource.validations.validate(["model_id": "m"])["node_id"] == .null)
    }

    @Test func feDnTelemetryIsTheSameAsTheReferences() throws {
        let reference = try Resource.telemetry.validate(Self.telemetry)
        let feDn = try Resource.telemetry.validate(["key": "cpu", "value": 0.5, "sender": ["client_id": "edge-1"]])
        #expect(feDn == reference)
    }

    @Test(arguments: ["payload", "meta"])
    func aValueIsFoundInside(_ name: String) throws {
        var object: JSONObject = ["key": "k", "client_id": "c"]
        object[name] = ["value": 7]
        #expect(try Resource.telemetry.validate(object)["value"] == 7)
    }

    @Test func aPayloadWithoutANumberIsNoValue() throws {
        let document = try Resource.telemetry.validate(["key": "k", "client_id": "c", "meta": ["value": "high"]])
        #expect(document["value"] == .null)
    }

    @Test func aRoleIsKeptInLowerCase() throws {
        let sender: JSON = ["name": "n", "role": "COMBINER"]
        let document = try Resource.statuses.validate(["sender": sender])
        #expect(document["sender"]?[path: "role"] == "combiner")
    }

    @Test func aCombinerIsOneByItsID() throws {
        let document = try Resource.statuses.validate(["sender": ["client_id": nil, "combiner_id": "c"]])
        #expect(document["sender"] == ["name": nil, "role": "combiner", "client_id": nil, "combiner_id": "c"])
    }

    // MARK: What is refused

    static let refusals: [(Resource, JSONObject, ValidationError)] = [
        (.telemetry, ["key": "k", "client_id": "c", "x": 1], .unknownField("x")),
        (.telemetry, ["client_id": "c"], .missingField("key")),
        (.telemetry, ["key": nil, "client_id": "c"], .missingField("key")),
        (.telemetry, ["key": "k"], .missingField("sender")),
        (.telemetry, ["key": 7, "client_id": "c"], .wrongKind(field: "key", expected: .string)),
        (.telemetry, ["key": "k", "value": "1"], .wrongKind(field: "value", expected: .number)),
        (.telemetry, ["key": "k", "meta": "m"], .wrongKind(field: "meta", expected: .object)),
        (.telemetry, ["key": "k", "timestamp": "soon"], .wrongKind(field: "timestamp", expected: .timestamp)),
        (.telemetry, ["key": "k", "timestamp": 1e15], .wrongKind(field: "timestamp", expected: .timestamp)),
        (.telemetry, ["telemetry_id": ""], .wrongKind(field: "telemetry_id", expected: .identifier)),
        (.telemetry, ["telemetry_id": 1], .wrongKind(field: "telemetry_id", expected: .identifier)),
        (.attributes, ["key": "k", "value": 1], .wrongKind(field: "value", expected: .string)),
        (.attributes, ["key": "k", "entity_id": "e"], .missingField("value")),
        (.models, ["file_size": 1.5], .wrongKind(field: "file_size", expected: .integer)),
        (.statuses, ["status": "s"], .missingField("sender")),
        (.statuses, ["sender": 7], .wrongKind(field: "sender", expected: .nodeRef)),
        (.statuses, ["sender": [:]], .unresolvableSender(field: "sender")),
        (.statuses, ["sender": ["client_id": ""]], .unresolvableSender(field: "sender")),
        (.statuses, ["sender": ["combiner_id": nil]], .unresolvableSender(field: "sender")),
        (.statuses, ["sender": ["name": "n"]], .unresolvableSender(field: "sender")),
        (.statuses, ["sender": ["client_id": 7]], .wrongKind(field: "sender.client_id", expected: .string)),
        (.statuses, ["sender": ["client_id": "c", "x": "y"]], .unknownField("sender.x")),
    ]

    @Test(arguments: refusals.indices)
    func whatIsWrongIsNamed(_ index: Int) {
        let (resource, object, error) = Self.refusals[index]
        #expect(throws: error) { try resource.validate(object) }
    }

    @Test func anIdentifierHasALongestForm() throws {
        var object = Self.telemetry
        object["telemetry_id"] = .string(String(repeating: "a", count: 256))
        #expect(try Resource.telemetry.validate(object)["telemetry_id"] == object["telemetry_id"])
        object["telemetry_id"] = .string(String(repeating: "a", count: 257))
        #expect(throws: ValidationError.self) { try Resource.telemetry.validate(object) }
    }
}
