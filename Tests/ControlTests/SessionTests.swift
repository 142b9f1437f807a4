import Blobs
import Catalog
import Control
import JSON
import Testing
import Trainers

/// Complete sessions with participants that train.
struct SessionTests {
    @Test(.timeLimit(.minutes(60)))
    func threeRoundsLearnTheDigits() async throws {
        let fixture = try TrainingFixture.open(imageCountMax: .max, epochCount: 2)
        let seed = try await fixture.makeSeed(Network.digits)
        _ = try await fixture.makeSession(["rounds": 3])
        try await fixture.controller.startSession(SessionStart(sessionID: "session", modelNamePrefix: "digits"))
        await fixture.untilQuiet()

        let session = try #require(try fixture.document(.sessions, "session"))
        #expect(session.text("status") == "Finished")
        let last = try #require(session.text("session_config.model_id"))
        let before = try await fixture.accuracy(of: seed)
        let after = try await fixture.accuracy(of: last)
        print("digits, 64-128-64-10, 3 clients, 3 rounds: accuracy \(before) before, \(after) after")
        #expect(before < 0.3)
        #expect(after > 0.9)

        // Models: one for each round, each the child of the previous one.
        let models = try fixture.documents(.models, ("session_id", "session"))
        #expect(models.map { $0.text("name") } == ["digits_1", "digits_2", "digits_3"])
        #expect(models.map { $0.text("parent_model") } == [seed] + models.dropLast().map { $0.text("model_id") })
        #expect(models.last?.text("model_id") == last)

        // Rounds.
        let rounds = try fixture.documents(.rounds)
        #expect(rounds.map { $0.text("round_id") } == ["1", "2", "3"])
        for (round, model) in zip(rounds, models) {
            #expect(round.text("status") == "Finished")
            #expect(round.text("round_config.session_id") == "session")
            #expect(round.text("round_config.task") == "training")
            #expect(round.number("round_config.rounds") == 1)
            #expect(round["round_config"]?["selected_clients"] == ["client-0", "client-1", "client-2"])
            let entry = try #require(round["combiners"]?.array?.first)
            #expect(entry.text("status") == "Success")
            #expect(entry.text("model_id") == model.text("model_id"))
            #expect(entry.number("data.aggregation_time.nr_aggregated_models") == 3)
            #expect(entry.number("data.nr_expected_updates") == 3)
            #expect(round["round_data"]?["reduce"]?["time_aggregate_model"]?.double != nil)
            #expect(round["round_data"]?["time_commit"]?.double != nil)
        }

        // The run.
        let run = try #require(try fixture.documents(.runs).first)
        #expect(run.text("session_id") == "session")
        #expect(run.text("model_id") == seed)
        #expect(run.text("completed_at_model_id") == last)
        #expect(run.text("completed_at") != nil)
        #expect(run.number("rounds") == 3)

        try checkReports(fixture)
        #expect(fixture.trainers.failures == [])
        #expect(fixture.notices == [])
        #expect(fixture.controller.state == .idle)
        try await fixture.close()
    }

    /// Checks the reports of the participants in a session of three rounds, and their commands.
    private func checkReports(_ fixture: TrainingFixture) throws {
        #expect(try fixture.count(.metrics, ("key", "loss")) == 3 * 3 * 2)
        let validations = try fixture.documents(.validations, ("session_id", "session"))
        #expect(validations.count == 9)
        let data = try JSON(parsing: (validations.last?.text("data") ?? "").utf8)
        #expect(data["accuracy"]?.double ?? 0 > 0.85)
        #expect(try fixture.count(.statuses, ("sender.role", "controller")) > 6)
        #expect(try fixture.count(.statuses, ("type", "MODEL_UPDATE"), ("sender.role", "client")) == 18)

        // Commands: the session, its nine tasks, and three validations with three tasks each.
        #expect(try fixture.count(.commands) == 1 + 9 + 3 + 9)
        #expect(try fixture.count(.commands, ("status", "COMPLETED")) == 22)
        #expect(try fixture.count(.commands, ("parent_correlation_id", "null")) == 4)
    }

    @Test func restartedSessionContinuesFromItsLastModel() async throws {
        let fixture = try TrainingFixture.open()
        _ = try await fixture.makeSeed()
        _ = try await fixture.makeSession(["rounds": 2])
        try await fixture.controller.startSession(SessionStart(sessionID: "session", modelNamePrefix: "m"))
        await fixture.untilQuiet()
        let middle = try #require(try fixture.document(.sessions, "session")?.text("session_config.model_id"))
        try await fixture.controller.startSession(SessionStart(sessionID: "session", rounds: 1, modelNamePrefix: "m"))
        await fixture.untilQuiet()
        let models = try fixture.documents(.models, ("session_id", "session"))
        #expect(models.map { $0.text("name") } == ["m_1", "m_2", "m_3"])
        #expect(models.last?.text("parent_model") == middle)
        let runs = try fixture.documents(.runs)
        #expect(runs.map { $0.text("model_id") } == ["seed", middle])
        #expect(runs.map { $0.number("rounds") } == [2, 1])
        #expect(try fixture.document(.sessions, "session")?.number("session_config.rounds") == 2)
        try await fixture.close()
    }

    @Test func roundsAreNumberedAcrossSessions() async throws {
        let fixture = try TrainingFixture.open()
        _ = try await fixture.makeSeed()
        for id in ["one", "two"] {
            _ = try await fixture.makeSession(["rounds": 2], id: id)
            try await fixture.controller.startSession(SessionStart(sessionID: id))
            await fixture.untilQuiet()
        }
        let rounds = try fixture.documents(.rounds, ("round_config.session_id", "two"))
        #expect(rounds.map { $0.text("round_id") } == ["3", "4"])
        try await fixture.close()
    }

    @Test func onlyTheNamedClientsTakePart() async throws {
        let fixture = try TrainingFixture.open()
        _ = try await fixture.makeSeed()
        _ = try await fixture.makeSession(["rounds": 1])
        try await fixture.controller.startSession(
            SessionStart(sessionID: "session", roundTimeout: 7, clientIDs: ["client-1", "elsewhere"])
        )
        await fixture.untilQuiet()
        #expect(Set(fixture.trainers.assignments.map(\.clientID)) == ["client-1"])
        #expect(try fixture.documents(.runs).first?.number("round_timeout") == 7)
        #expect(try fixture.document(.sessions, "session")?.number("session_config.round_timeout") == 7)
        try await fixture.close()
    }

    @Test func updatesAreDeletedAfterTheirRound() async throws {
        for keeps in [false, true] {
            let fixture = try TrainingFixture.open()
            _ = try await fixture.makeSeed()
            _ = try await fixture.makeSession(["rounds": 1, "delete_models_storage": .bool(!keeps), "validate": false])
            try await fixture.controller.startSession(SessionStart(sessionID: "session"))
            await fixture.untilQuiet()
            for task in try fixture.documents(.commands, ("command_type", "Scaleout_ModelUpdate")) {
                let blobID = try #require(task.text("response.file_token"))
                if keeps {
                    _ = try await fixture.blobs.open(blobID)
                } else {
                    await #expect(throws: (any Error).self) { try await fixture.blobs.open(blobID) }
                }
            }
            for model in try fixture.documents(.models) {
                _ = try await fixture.blobs.open(model.text("blob_id") ?? "")
            }
            try await fixture.close()
        }
    }
}
