import Catalog
import JSON
import Store
import Testing

@testable import Federation

struct ResourceCollectionTests {
    private static func status(_ sender: JSON) -> JSONObject { ["status": "s", "sender": sender] }

    @Test func senderIsFilledIn() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addClient("edge-1", name: "Lund")
        let statuses = fixture.documents(.statuses)
        for document in [
            try await statuses.create(Self.status(["client_id": "edge-1"])),
            try await statuses.insert(Self.status(["client_id": "edge-1"])),
        ] {
            #expect(
                try document.object["sender"]
                    == ["name": "Lund", "role": "client", "client_id": "edge-1", "combiner_id": nil]
            )
        }
        try await fixture.close()
    }

    @Test func onlyTheServerStoresUnknownSendersOfAStatus() async throws {
        let fixture = try NetworkFixture()
        let statuses = fixture.documents(.statuses)
        await #expect(throws: FederationError.unknownSender("client edge-2")) {
            try await statuses.create(Self.status(["client_id": "edge-2"]))
        }
        await #expect(throws: FederationError.unknownSender("combiner north")) {
            try await statuses.create(Self.status(["combiner_id": "north", "name": "n"]))
        }
        #expect(try await statuses.insert(Self.status(["client_id": "edge-2"])).object["sender"]?["name"] == .null)
        let controller: JSON = ["name": "controller", "role": "controller"]
        #expect(try await statuses.insert(Self.status(controller)).object["sender"]?["name"] == "controller")
        let telemetry: JSONObject = ["key": "k", "client_id": "edge-2"]
        #expect(try await fixture.documents(.telemetry).create(telemetry).object["sender"]?["name"] == .null)
        try await fixture.close()
    }

    @Test func replacementKeepsTheID() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addClient("c", name: "old")
        let clients = fixture.documents(.clients)
        let new = try await clients.replace("c", by: ["client_id": "other", "name": "new"])
        #expect(new.id == "c")
        #expect(try clients.get("c")?["name"] == "new")
        #expect(try clients.get("other") == nil)
        await #expect(throws: StoreError.notFound("other")) { try await clients.replace("other", by: ["name": "n"]) }
        try await fixture.close()
    }

    @Test func refusedChangeLeavesTheDocument() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addClient("c", name: "old")
        let clients = fixture.documents(.clients)
        await #expect(throws: StoreError.refused(reason: "field 'name' cannot be changed")) {
            try await clients.change("c", ["name": "new"]) { old, new throws(ValidationError) in
                if old["name"] != new["name"] { throw .immutableField("name") }
            }
        }
        await #expect(throws: StoreError.refused(reason: "field 'name' must be a string")) {
            try await clients.change("c", ["name": 7])
        }
        #expect(try clients.get("c")?["name"] == "old")
        try await fixture.close()
    }

    /// Longer than the pages that are walked.
    @Test func oldAttributeIsFoundAfterALongHistory() async throws {
        let fixture = try NetworkFixture()
        let attributes = fixture.documents(.attributes)
        func add(_ key: String, _ value: String) async throws {
            _ = try await attributes.create(["key": .string(key), "value": .string(value), "entity_id": "e1"])
        }
        try await add("site", "Lund")
        for index in 0..<300 { try await add("battery", "\(index)") }
        #expect(try await fixture.network.attributes.values(of: "e1") == ["battery": "299", "site": "Lund"])
        #expect(try await fixture.network.attributes.values(of: "e2") == [:])
        try await fixture.close()
    }

    @Test func startedSessionKeepsItsStatus() async throws {
        let fixture = try NetworkFixture()
        let sessions = fixture.network.sessions
        try await fixture.network.helper.set("binaryhelper")
        let session: JSONObject = ["session_id": "s", "session_config": ["model_id": "m"]]
        let created = try await sessions.create(session).object
        #expect(created["session_config"]?["helper_type"] == "binaryhelper")
        _ = try await sessions.change("s", ["status": "Started"])
        await #expect(throws: StoreError.refused(reason: "field 'status' cannot be changed")) {
            try await sessions.replace("s", by: session)
        }
        #expect(try await sessions.change("s", ["status": "Terminated"]).object["status"] == "Terminated")
        let python = JSON.string(String(repeating: "x", count: 256 << 10 + 1))
        await #expect(throws: ValidationError.self) {
            try await sessions.create(["session_config": ["model_id": "m", "server_functions": python]])
        }
        try await fixture.close()
    }
}
