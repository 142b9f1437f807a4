import Blobs
import Catalog
import Control
import Federation
import JSON
import Store
import TestSupport
import Testing
import Trainers

/// Deletion of models, by request and by retention.
@Suite(.timeLimit(.minutes(60)))
struct DeletionTests {
    private static func refusal(_ fixture: TrainingFixture, _ id: String) async -> ControlError? {
        do { try await fixture.controller.deleteModel(id) } catch { return error as? ControlError }
        return nil
    }

    /// A session in its second round, which waits for a client.
    private static func inRoundTwo(on disk: FaultDisk = FaultDisk()) async throws -> TrainingFixture {
        let fixture = try TrainingFixture.open(disk)
        _ = try await fixture.makeSeed()
        _ = try await fixture.makeSession(["rounds": 3, "validate": false, "round_timeout": 30])
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        fixture.trainers.set(.slow, of: "client-0")
        while try fixture.count(.rounds) < 2 { await Task.yield() }
        await fixture.trainers.untilQuiet()
        return fixture
    }

    @Test func modelsOfARunningSessionAreNotDeleted() async throws {
        let fixture = try await Self.inRoundTwo()
        let newest = try #require(try fixture.documents(.models, ("session_id", "session")).last?.text("model_id"))
        #expect(await Self.refusal(fixture, newest) == .modelInUse(newest, by: "session session"))
        #expect(await Self.refusal(fixture, "seed") == .modelInUse("seed", by: "session session"), "its first model")
        try await fixture.controller.stop()
        for id in [newest, "seed"] { try await fixture.controller.deleteModel(id) }
        #expect(try fixture.document(.models, newest) == nil)
        try await fixture.close()
    }

    /// As after a failed write, or before the server has resumed.
    @Test func modelsOfAnInterruptedSessionAreNotDeleted() async throws {
        let disk = FaultDisk()
        let newest = try await Self.inRoundTwo(on: disk).documents(.models, ("session_id", "session")).last
        let id = try #require(newest?.text("model_id"))
        let fixture = try TrainingFixture.open(disk.processKill())
        #expect(await Self.refusal(fixture, id) == .modelInUse(id, by: "session session"))
        #expect(await Self.refusal(fixture, "seed") == .modelInUse("seed", by: "session session"))
    }

    @Test func modelOfARunningCommandIsNotDeleted() async throws {
        let fixture = try TrainingFixture.open()
        _ = try await fixture.makeSeed()
        let controller = Controller(fixture.network, participants: SilentParticipants(), clock: fixture.clock)
        let command = try await controller.startInference(modelID: "seed", CommandOrder()).correlationID
        let user = "command \(command) (Scaleout_Inference)"
        await #expect(throws: ControlError.modelInUse("seed", by: user)) { try await controller.deleteModel("seed") }
        try await controller.stop(command: command)
        try await controller.deleteModel("seed")
        await #expect(throws: ControlError.unknownModel("seed")) {
            try await controller.startInference(modelID: "seed", CommandOrder())
        }
        await #expect(throws: StoreError.notFound("seed")) { try await controller.deleteModel("seed") }
    }

    /// Its model was lost with a damaged record, for example.
    @Test func sessionWithoutItsModelIsNotResumed() async throws {
        let disk = FaultDisk()
        let first = try TrainingFixture.open(disk)
        _ = try await first.makeSeed()
        _ = try await first.makeSession(["rounds": 3, "round_timeout": 30])
        for client in ["client-0", "client-1", "client-2"] { first.trainers.set(.slow, of: client) }
        try await first.controller.startSession(SessionStart(sessionID: "session"))
        let fixture = try TrainingFixture.open(disk.processKill())
        try await fixture.network.models.delete("seed")
        let notices = try await fixture.controller.resume()
        #expect(notices.last == "session session was closed: its model seed does not exist")
        #expect(try fixture.document(.sessions, "session")?.text("status") == "Terminated")
        #expect(fixture.controller.state == .idle)
        let refusal = await Self.refusal(fixture, "seed")
        #expect(refusal == nil)
        await #expect(throws: ControlError.seedModelMissing("seed")) {
            try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        }
    }

    // MARK: Retention

    /// Models `a0` to `a5` of session `a`, each the child of the previous one, and models of no session.
    private static func withModels() async throws -> TrainingFixture {
        let fixture = try TrainingFixture.open()
        for id in ["a", "b"] { _ = try await fixture.makeSession(id: id) }
        for index in 0..<6 {
            try await add("a\(index)", to: fixture, session: "a", parent: index == 0 ? "seed" : "a\(index - 1)")
        }
        for id in ["seed", "other"] { try await add(id, to: fixture, session: nil, parent: nil) }
        return fixture
    }

    private static func add(_ id: String, to fixture: TrainingFixture, session: String?, parent: String?) async throws {
        let upload = try await fixture.blobs.upload("\(id).bin", [1, 2, 3, 4, 5, 6, 7, 8])
        _ = try await fixture.network.models.publish([
            "file_token": .string(upload.token), "helper": "binaryhelper", "model_id": .string(id),
            "session_id": JSON(session), "parent_model": JSON(parent),
        ])
    }

    private static func ids(_ fixture: TrainingFixture) throws -> [String] {
        try fixture.documents(.models).compactMap { $0.text("model_id") }
    }

    @Test func newestModelsOfASessionAreKept() async throws {
        let fixture = try await Self.withModels()
        let retention = ModelRetention(countMax: 2)
        #expect(try await fixture.controller.deleteModels(beyond: retention, countMax: 3) == ["a3", "a2", "a1"])
        #expect(try await fixture.controller.deleteModels(beyond: retention, countMax: 3) == ["a0"])
        #expect(try await fixture.controller.deleteModels(beyond: retention, countMax: 3) == [])
        #expect(try Self.ids(fixture) == ["a4", "a5", "seed", "other"])
        try await fixture.close()
    }

    @Test func modelThatASessionBeginsFromIsKept() async throws {
        let fixture = try await Self.withModels()
        _ = try await fixture.makeSession(model: "a1", id: "c")
        let deleted = try await fixture.controller.deleteModels(beyond: ModelRetention(countMax: 1), countMax: 100)
        #expect(deleted == ["a4", "a3", "a2", "a0"])
        try await fixture.close()
    }

    @Test func ancestorsOfKeptModelsAreKeptIfAskedFor() async throws {
        let fixture = try await Self.withModels()
        // A branch: its models are older than the newest two, and none descends from them.
        try await Self.add("x", to: fixture, session: "a", parent: "a2")
        try await Self.add("y", to: fixture, session: "a", parent: "x")
        for (id, parent) in [("a6", "a5"), ("a7", "a6")] {
            try await Self.add(id, to: fixture, session: "a", parent: parent)
        }
        let retention = ModelRetention(countMax: 2, keepsAncestors: true)
        #expect(try await fixture.controller.deleteModels(beyond: retention, countMax: 100) == ["y", "x"])
        #expect(try await fixture.controller.deleteModels(beyond: retention, countMax: 100) == [])
        try await fixture.close()
    }

    @Test func retentionKeepsWhatARunningSessionNeeds() async throws {
        let fixture = try await Self.inRoundTwo()
        for index in 0..<3 { try await Self.add("later\(index)", to: fixture, session: "session", parent: nil) }
        let current = try fixture.documents(.models, ("session_id", "session")).first?.text("model_id")
        let deleted = try await fixture.controller.deleteModels(beyond: ModelRetention(countMax: 1), countMax: 100)
        #expect(deleted == ["later1", "later0"])
        #expect(try fixture.document(.models, current ?? "") != nil)
        try await fixture.close()
    }
}
