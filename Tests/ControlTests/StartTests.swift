import Blobs
import Catalog
import Control
import Federation
import JSON
import Store
import TestSupport
import Testing
import Trainers

/// The checks before a session starts, in their order.
@Suite(.timeLimit(.minutes(60)))
struct StartTests {
    /// Returns a controller with a seed, and a session of this configuration.
    static func fixture(_ config: JSONObject = [:]) async throws -> TrainingFixture {
        let fixture = try TrainingFixture.open()
        _ = try await fixture.makeSeed()
        _ = try await fixture.makeSession(config)
        return fixture
    }

    static func refusal(
        _ fixture: TrainingFixture,
        _ start: SessionStart = SessionStart(sessionID: "session")
    ) async -> ControlError? {
        do { try await fixture.controller.startSession(start) } catch { return error as? ControlError }
        return nil
    }

    @Test(arguments: [nil, ""])
    func sessionIDIsRequired(id: String?) async throws {
        let refusal = await Self.refusal(try await Self.fixture(), SessionStart(sessionID: id))
        #expect(refusal == .sessionIDMissing)
        #expect(refusal?.message == "Session ID is required")
    }

    @Test func sessionMustExist() async throws {
        let refusal = await Self.refusal(try await Self.fixture(), SessionStart(sessionID: "other"))
        #expect(refusal == .unknownSession("other"))
        #expect(refusal?.message == "Session with specified ID does not exist")
    }

    @Test func secondSessionIsRefused() async throws {
        let fixture = try await Self.fixture()
        for client in ["client-0", "client-1", "client-2"] { fixture.trainers.set(.slow, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session", rounds: 1))
        #expect(fixture.controller.state == .monitoring)
        let refusal = await Self.refusal(fixture)
        #expect(refusal == .sessionAlreadyRunning)
        #expect(refusal?.message == "A session is already running!")
        await fixture.trainers.untilQuiet()
        await fixture.trainers.release()
        await fixture.untilQuiet()
        #expect(fixture.controller.state == .idle)
    }

    @Test func tooFewClientsAreRefused() async throws {
        let fixture = try await Self.fixture(["clients_required": 4])
        let refusal = await Self.refusal(fixture)
        #expect(refusal == .notEnoughClients(required: 4))
        #expect(refusal?.message == "Number of available clients is lower than the required minimum of 4")
        #expect(try fixture.count(.commands) + fixture.count(.runs) + fixture.count(.rounds) == 0)
    }

    @Test func onlyTheNamedClientsAreCounted() async throws {
        let fixture = try await Self.fixture(["clients_required": 2])
        let start = SessionStart(sessionID: "session", clientIDs: ["client-0", "offline"])
        #expect(await Self.refusal(fixture, start) == .notEnoughClients(required: 2))
    }

    @Test func networkWithoutParticipantsIsRefused() async throws {
        let fixture = try await Self.fixture()
        let controller = Controller(fixture.network)
        await #expect(throws: ControlError.notEnoughClients(required: 1)) {
            try await controller.startSession(SessionStart(sessionID: "session"))
        }
    }

    @Test func seedModelMustExist() async throws {
        let fixture = try TrainingFixture.open()
        _ = try await fixture.makeSession(model: "gone")
        let refusal = await Self.refusal(fixture)
        #expect(refusal == .seedModelMissing("gone"))
        #expect(refusal?.message == "Session seed model not found")
    }

    @Test func modelThatCannotBeAveragedIsRefusedWithTheReason() async throws {
        let fixture = try TrainingFixture.open()
        let upload = try await fixture.blobs.upload("model.onnx", [8, 1, 2])
        _ = try await fixture.network.models.publish(["file_token": .string(upload.token), "model_id": "onnx"])
        _ = try await fixture.makeSession(model: "onnx")
        guard case .modelNotAveraged("onnx", let reason)? = await Self.refusal(fixture) else {
            Issue.record("the start was not refused")
            return
        }
        #expect(reason.hasPrefix("The file is an ONNX file"))
        #expect(try fixture.document(.sessions, "session")?.text("status") == "Created")
    }

    @Test func serverFunctionsAreRefused() async throws {
        let refusal = await Self.refusal(try await Self.fixture(["server_functions": "class ServerFunctions: pass"]))
        #expect(refusal == .serverFunctions)
        #expect(refusal?.message.contains("server_functions") == true)
        #expect(refusal?.message.contains("fedavg") == true)
    }

    @Test func unknownAggregatorIsRefused() async throws {
        let refusal = await Self.refusal(try await Self.fixture(["aggregator": "fedopt"]))
        #expect(refusal == .unknownAggregator("fedopt"))
        #expect(refusal?.message == "Unknown aggregator 'fedopt': the built-in aggregators are fedavg")
    }

    @Test func checksRunInTheDocumentedOrder() async throws {
        let fixture = try TrainingFixture.open()
        _ = try await fixture.makeSession(
            ["clients_required": 9, "server_functions": "x", "aggregator": "y"],
            model: "gone"
        )
        #expect(await Self.refusal(fixture) == .notEnoughClients(required: 9))
        try await change(fixture, ["clients_required": 1])
        #expect(await Self.refusal(fixture) == .seedModelMissing("gone"))
        _ = try await fixture.makeSeed(id: "gone")
        #expect(await Self.refusal(fixture) == .serverFunctions)
        try await change(fixture, ["server_functions": nil])
        #expect(await Self.refusal(fixture) == .unknownAggregator("y"))
        try await change(fixture, ["aggregator": "fedavg", "rounds": 1])
        #expect(await Self.refusal(fixture) == nil)
        await fixture.untilQuiet()
    }

    private func change(_ fixture: TrainingFixture, _ config: JSONObject) async throws {
        _ = try await fixture.store.collection("sessions").update("session") { old throws(StoreError) in
            var new = old
            var merged = old["session_config"]?.object ?? [:]
            for (name, value) in config { merged[name] = value }
            new["session_config"] = .object(merged)
            return new
        }
    }
}
