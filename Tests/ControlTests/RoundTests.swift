import Blobs
import Catalog
import Control
import JSON
import Store
import Testing
import Trainers
import Weights

/// Rounds whose participants fail, are late, or send invalid updates.
@Suite(.timeLimit(.minutes(60)))
struct RoundTests {
    static let clients = ["client-0", "client-1", "client-2"]

    static func fixture(_ config: JSONObject = [:]) async throws -> TrainingFixture {
        let fixture = try TrainingFixture.open()
        _ = try await fixture.makeSeed()
        var config = config
        if config["rounds"] == nil { config["rounds"] = 1 }
        _ = try await fixture.makeSession(config)
        return fixture
    }

    /// After a crash in between, the server must know its clients' tasks.
    @Test func taskIsStoredBeforeItIsAssigned() async throws {
        let fixture = try await Self.fixture(["validate": true])
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        await fixture.untilQuiet()
        #expect(Set(fixture.trainers.assignments.map(\.type)) == [.modelUpdate, .validation])
        #expect(fixture.trainers.failures == [])
        try await fixture.close()
    }

    /// One of three fails: the others are averaged, and the log contains the reason.
    @Test(arguments: [
        (Conduct.failing, nil as String?), (.misshapen, "shape"), (.garbled, "not an .npz archive"),
        (.countless, "number of training examples"),
        (.lost, "missing"),
    ])
    func invalidUpdateIsLeftOut(conduct: Conduct, reason: String?) async throws {
        let fixture = try await Self.fixture()
        fixture.trainers.set(conduct, of: "client-1")
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        await fixture.untilQuiet()
        let round = try #require(try fixture.documents(.rounds).first)
        #expect(round.text("status") == "Finished")
        #expect(round["combiners"]?.array?.first?.number("data.aggregation_time.nr_aggregated_models") == 2)
        let warnings = try fixture.documents(.statuses, ("log_level", "WARNING")).compactMap { $0.text("status") }
        if let reason {
            #expect(warnings.count == 1)
            #expect(warnings.first?.contains("client-1") == true)
            #expect(warnings.first?.contains(reason) == true, "\(warnings)")
        }
        #expect(try fixture.document(.sessions, "session")?.text("status") == "Finished")
        try await fixture.close()
    }

    /// No client delivers a usable update: the rounds fail, and the session is finished nevertheless.
    @Test(arguments: [Conduct.failing, .misshapen, .garbled, .countless, .lost])
    func sessionOfFailedRoundsIsFinished(conduct: Conduct) async throws {
        let fixture = try await Self.fixture(["rounds": 3])
        for client in Self.clients { fixture.trainers.set(conduct, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        await fixture.untilQuiet()
        let rounds = try fixture.documents(.rounds)
        #expect(rounds.map { $0.text("status") } == ["Failed", "Failed", "Failed"])
        #expect(rounds.allSatisfy { $0.text("round_data.reason") != nil })
        let session = try #require(try fixture.document(.sessions, "session"))
        #expect(session.text("status") == "Finished")
        #expect(session.text("session_config.model_id") == "seed")
        #expect(try fixture.documents(.runs).first?.text("completed_at_model_id") == "seed")
        #expect(try fixture.count(.models) == 1)
        try await fixture.close()
    }

    @Test func timeoutAveragesTheUpdatesSoFar() async throws {
        let fixture = try await Self.fixture(["round_timeout": 60])
        fixture.trainers.set(.vanishing, of: "client-1")
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        await fixture.trainers.untilQuiet()
        fixture.clock.advance(by: .seconds(59))
        #expect(fixture.controller.state == .monitoring)
        fixture.clock.advance(by: .seconds(1))
        await fixture.untilQuiet()
        let round = try #require(try fixture.documents(.rounds).first)
        #expect(round.text("status") == "Finished")
        #expect(round["combiners"]?.array?.first?.number("data.aggregation_time.nr_aggregated_models") == 2)
        let task = try #require(try fixture.documents(.commands, ("client_id", "client-1")).first)
        #expect(task.text("status") == "TIMEOUT")
        #expect(fixture.trainers.withdrawals == [task.text("correlation_id") ?? "": .timeout])
        try await fixture.close()
    }

    @Test func timeoutWithoutUpdatesFailsTheRound() async throws {
        let fixture = try await Self.fixture()
        for client in Self.clients { fixture.trainers.set(.silent, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        await fixture.trainers.untilQuiet()
        fixture.clock.advance(by: .seconds(180))
        await fixture.untilQuiet()
        #expect(try fixture.documents(.rounds).first?.text("status") == "Failed")
        #expect(try fixture.documents(.rounds).first?.text("round_data.reason") == "no participant delivered an update")
        try await fixture.close()
    }

    @Test func roundWaitsForEnoughClients() async throws {
        let fixture = try await Self.fixture(["rounds": 2, "clients_required": 3, "round_timeout": 10])
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        fixture.trainers.set(online: false, "client-2")
        await fixture.trainers.untilQuiet()
        while try fixture.count(.rounds) < 2 { await Task.yield() }
        #expect(fixture.controller.state == .instructing)
        fixture.trainers.set(online: true, "client-2")
        await fixture.controller.participantsChanged()
        await fixture.untilQuiet()
        #expect(try fixture.documents(.rounds).map { $0.text("status") } == ["Finished", "Finished"])
        try await fixture.close()
    }

    @Test func roundWithoutEnoughClientsTimesOut() async throws {
        let fixture = try await Self.fixture(["rounds": 2, "clients_required": 3, "round_timeout": 10])
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        fixture.trainers.set(online: false, "client-2")
        while try fixture.count(.statuses, ("log_level", "WARNING")) < 1 { await Task.yield() }
        await fixture.trainers.untilQuiet()
        fixture.clock.advance(by: .seconds(10))
        await fixture.untilQuiet()
        #expect(try fixture.documents(.rounds).map { $0.text("status") } == ["Finished", "Failed"])
        #expect(try fixture.document(.sessions, "session")?.text("status") == "Finished")
        try await fixture.close()
    }

    @Test func skipAveragesTheUpdatesSoFar() async throws {
        let fixture = try await Self.fixture()
        fixture.trainers.set(.slow, of: "client-0")
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        await fixture.trainers.untilQuiet()
        try await fixture.controller.skip()
        await fixture.untilQuiet()
        #expect(try fixture.documents(.rounds).first?.text("status") == "Finished")
        // The late update is ignored, and its upload is deleted.
        await fixture.trainers.release()
        #expect(try fixture.count(.statuses, ("log_level", "WARNING")) == 1)
        #expect(fixture.trainers.failures == [])
        try await fixture.close()
    }

    @Test func stopInterruptsSessionWithItsTasks() async throws {
        let fixture = try await Self.fixture(["rounds": 3])
        for client in Self.clients { fixture.trainers.set(.slow, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        await fixture.trainers.untilQuiet()
        try await fixture.controller.stop()
        #expect(fixture.controller.state == .idle)
        #expect(try fixture.document(.sessions, "session")?.text("status") == "Terminated")
        #expect(try fixture.documents(.rounds).map { $0.text("status") } == ["Terminated"])
        #expect(try fixture.documents(.commands).map { $0.text("status") } == Array(repeating: "INTERRUPTED", count: 4))
        #expect(fixture.trainers.withdrawals.values.allSatisfy { $0 == .interrupted })
        #expect(fixture.trainers.withdrawals.count == 3)
        let run = try #require(try fixture.documents(.runs).first)
        #expect(run.text("completed_at") != nil)
        #expect(run.text("status") == "Terminated")
        await #expect(throws: ControlError.nothingRunning) { try await fixture.controller.stop() }
        await #expect(throws: ControlError.nothingRunning) { try await fixture.controller.skip() }
        // It can be started again.
        for client in Self.clients { fixture.trainers.set(.diligent, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session", rounds: 1))
        await fixture.untilQuiet()
        #expect(try fixture.document(.sessions, "session")?.text("status") == "Finished")
        try await fixture.close()
    }

    @Test func patchToTerminatedStopsTheSession() async throws {
        let fixture = try await Self.fixture()
        for client in Self.clients { fixture.trainers.set(.slow, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        try await fixture.controller.sessionWasPatched("session")
        #expect(fixture.controller.state == .monitoring)
        _ = try await fixture.store.collection("sessions").update("session") { old in
            var new = old
            new["status"] = "Terminated"
            return new
        }
        try await fixture.controller.sessionWasPatched("session")
        #expect(fixture.controller.state == .idle)
        #expect(try fixture.documents(.rounds).first?.text("status") == "Terminated")
        try await fixture.close()
    }

    @Test func repeatedReportCountsOnce() async throws {
        let fixture = try await Self.fixture(["rounds": 2])
        for client in Self.clients { fixture.trainers.set(.repeating, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        await fixture.untilQuiet()
        for round in try fixture.documents(.rounds) {
            #expect(round["combiners"]?.array?.first?.number("data.aggregation_time.nr_aggregated_models") == 3)
        }
        #expect(try fixture.count(.statuses, ("log_level", "WARNING")) == 0)
        #expect(fixture.trainers.failures == [])
        try await fixture.close()
    }

    @Test func stragglersCountInTheNextRound() async throws {
        let fixture = try await Self.fixture(["rounds": 2, "buffer_size": 2, "accept_stragglers": true])
        fixture.trainers.set(.slow, of: "client-0")
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        while try fixture.count(.rounds, ("status", "Finished")) < 1 { await Task.yield() }
        fixture.trainers.set(.slow, of: "client-1")
        while fixture.trainers.assignments.filter({ $0.type == .modelUpdate }).count < 6 { await Task.yield() }
        await fixture.trainers.untilQuiet()
        await fixture.trainers.release()
        await fixture.untilQuiet()
        let counts = try fixture.documents(.rounds).map {
            $0["combiners"]?.array?.first?.number("data.aggregation_time.nr_aggregated_models")
        }
        #expect(counts.first == 2)
        #expect(counts.last.flatMap { $0 } ?? 0 >= 2)
        #expect(try fixture.count(.commands, ("status", "RUNNING")) == 0)
        try await fixture.close()
    }

    /// A client may report only for its own tasks.
    @Test func reportOnAnotherClientsTaskIsIgnored() async throws {
        let fixture = try await Self.fixture()
        for client in Self.clients { fixture.trainers.set(.slow, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        await fixture.trainers.untilQuiet()
        let task = try #require(fixture.trainers.assignments.first)
        let other = Self.clients.first { $0 != task.clientID } ?? ""
        for id in [task.correlationID, "unknown"] {
            let report = ActivityReport(clientID: other, correlationID: id, status: .failed, isDone: true)
            try await fixture.controller.receive(.activity(report))
        }
        #expect(try fixture.document(.commands, task.correlationID)?.text("status") == "RUNNING")
        try await fixture.controller.stop()
        try await fixture.close()
    }

    /// If an update could name the blob of a model, the model would be deleted with it.
    @Test func blobOfAModelIsRefusedAsUpdate() async throws {
        let fixture = try await Self.fixture()
        for client in Self.clients { fixture.trainers.set(.vanishing, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        let blobID = try #require(try fixture.document(.models, "seed")?.text("blob_id"))
        for task in fixture.trainers.assignments {
            let report = ModelUpdateReport(
                clientID: task.clientID,
                correlationID: task.correlationID,
                modelUpdateID: task.correlationID,
                fileToken: blobID,
                meta: ["training_metadata": ["num_examples": 1]]
            )
            try await fixture.controller.receive(.modelUpdate(report))
        }
        await fixture.untilQuiet()
        #expect(try fixture.documents(.rounds).first?.text("status") == "Failed")
        _ = try await fixture.accuracy(of: "seed")
        try await fixture.close()
    }

    /// A file that one task has delivered is not the update of another: it would count twice.
    @Test func updateOfAnotherTaskIsLeftOut() async throws {
        let fixture = try await Self.roomOfNumbers()
        let token = try await fixture.blobs.upload("update.npz", Self.file(of: 3)).token
        for task in fixture.trainers.assignments {
            let report = ModelUpdateReport(
                clientID: task.clientID,
                correlationID: task.correlationID,
                modelUpdateID: task.correlationID,
                fileToken: token,
                meta: ["training_metadata": ["num_examples": 1]]
            )
            try await fixture.controller.receive(.modelUpdate(report))
        }
        await fixture.untilQuiet()
        let round = try #require(try fixture.documents(.rounds).first)
        let combiner = try #require(round[path: "combiners"]?.array?.first)
        #expect(combiner.number("data.aggregation_time.nr_aggregated_models") == 1)
        #expect(try fixture.count(.statuses, ("log_level", "WARNING")) == 1)
        try await fixture.close()
    }

    /// A session of a model of two ones, whose clients do not answer by themselves.
    private static func roomOfNumbers(
        _ seed: [UInt8] = file(of: 1),
        helper: String = "numpyhelper"
    ) async throws -> TrainingFixture {
        let fixture = try TrainingFixture.open(clients: 2)
        let upload = try await fixture.blobs.upload("seed.npz", seed)
        _ = try await fixture.blobs.claim(upload.token)
        try await fixture.insert(
            .models,
            [
                "model_id": "seed", "helper": .string(helper), "file_name": "seed.npz", "file_size": 1, "checksum": "",
                "blob_id": .string(upload.token),
            ]
        )
        _ = try await fixture.makeSession(["rounds": 1, "validate": false])
        for client in Self.clients { fixture.trainers.set(.vanishing, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        return fixture
    }

    /// The weighted mean of zeros (one example) and fours (three examples) is three.
    @Test func updatesAreWeightedByTheirExamples() async throws {
        let mean = try await Self.mean(Self.roomOfNumbers(), Self.file)
        #expect(try ModelFile.open(MemorySource(mean)).array(0).values == [3, 3])
    }

    /// Such a file does not show its format; the helper of the model does.
    @Test func vectorsWithoutAHeaderAreAveraged() async throws {
        let mean = try await Self.mean(Self.roomOfNumbers(Self.vector(of: 1), helper: "binaryhelper"), Self.vector)
        #expect(mean == Self.vector(of: 3))
    }

    /// Reports zeros of one example and fours of three, and returns the file of the next model.
    private static func mean(_ fixture: TrainingFixture, _ file: (Float) -> [UInt8]) async throws -> [UInt8] {
        for (task, (value, count)) in zip(
            fixture.trainers.assignments,
            [(Float(0), JSON.number(JSONNumber(1))), (4, 3)]
        ) {
            let report = ModelUpdateReport(
                clientID: task.clientID,
                correlationID: task.correlationID,
                modelUpdateID: task.correlationID,
                fileToken: try await fixture.blobs.upload("update.npz", file(value)).token,
                meta: ["training_metadata": ["num_examples": count]]
            )
            try await fixture.controller.receive(.modelUpdate(report))
        }
        await fixture.untilQuiet()
        let model = try #require(try fixture.documents(.models, ("session_id", "session")).first)
        #expect(model["contents"]?["averageable"] == true)
        let mean = try await fixture.blobs.content(of: model.text("blob_id") ?? "")
        try await fixture.close()
        return mean
    }

    /// Two 64-bit floats.
    private static func vector(of value: Float) -> [UInt8] {
        [Double(value), Double(value)].withUnsafeBytes { Array($0) }
    }

    private static func file(of value: Float) -> [UInt8] {
        ModelFile.npz([WeightsArray([value, value], shape: [2])])
    }
}
