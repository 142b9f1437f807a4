import Blobs
import Catalog
import Control
import JSON
import Store
import Testing
import Trainers
import Weights

/// What becomes of rounds whose participants are not as they should be.
@Suite(.timeLimit(.minutes(10)))
struct RoundTests {
    static let clients = ["client-0", "client-1", "client-2"]

    static func room(_ config: JSONObject = [:]) async throws -> Classroom {
        let room = try Classroom.open()
        _ = try await room.makeSeed()
        var config = config
        if config["rounds"] == nil { config["rounds"] = 1 }
        _ = try await room.makeSession(config)
        return room
    }

    /// A server that dies in between must know what its clients are at work on.
    @Test func everyTaskIsStoredBeforeItIsHandedOut() async throws {
        let room = try await Self.room(["validate": true])
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        await room.untilQuiet()
        #expect(Set(room.trainers.assignments.map(\.type)) == [.modelUpdate, .validation])
        #expect(room.trainers.failures == [])
        try await room.close()
    }

    /// One of three does something wrong: the others are averaged, and the log says why.
    @Test(arguments: [
        (Conduct.failing, nil as String?), (.misshapen, "shape"), (.garbled, "no known format"),
        (.countless, "how many examples"),
        (.lost, "not there"),
    ])
    func oneBadParticipantIsLeftOut(conduct: Conduct, reason: String?) async throws {
        let room = try await Self.room()
        room.trainers.set(conduct, of: "client-1")
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        await room.untilQuiet()
        let round = try #require(try room.documents(.rounds).first)
        #expect(round.text("status") == "Finished")
        #expect(round["combiners"]?.array?.first?.number("data.aggregation_time.nr_aggregated_models") == 2)
        let warnings = try room.documents(.statuses, ("log_level", "WARNING")).compactMap { $0.text("status") }
        if let reason {
            #expect(warnings.count == 1)
            #expect(warnings.first?.contains("client-1") == true)
            #expect(warnings.first?.contains(reason) == true, "\(warnings)")
        }
        #expect(try room.document(.sessions, "session")?.text("status") == "Finished")
        try await room.close()
    }

    /// Nobody delivers anything that can be used: the rounds fail, and the session is finished all the same.
    @Test(arguments: [Conduct.failing, .misshapen, .garbled, .countless, .lost])
    func aSessionEndsThoughEveryRoundFails(conduct: Conduct) async throws {
        let room = try await Self.room(["rounds": 3])
        for client in Self.clients { room.trainers.set(conduct, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        await room.untilQuiet()
        let rounds = try room.documents(.rounds)
        #expect(rounds.map { $0.text("status") } == ["Failed", "Failed", "Failed"])
        #expect(rounds.allSatisfy { $0.text("round_data.reason") != nil })
        let session = try #require(try room.document(.sessions, "session"))
        #expect(session.text("status") == "Finished")
        #expect(session.text("session_config.model_id") == "seed")
        #expect(try room.documents(.runs).first?.text("completed_at_model_id") == "seed")
        #expect(try room.count(.models) == 1)
        try await room.close()
    }

    @Test func theTimeOutAveragesWhatIsThere() async throws {
        let room = try await Self.room(["round_timeout": 60])
        room.trainers.set(.vanishing, of: "client-1")
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        await room.trainers.untilQuiet()
        room.clock.advance(by: .seconds(59))
        #expect(room.controller.state == .monitoring)
        room.clock.advance(by: .seconds(1))
        await room.untilQuiet()
        let round = try #require(try room.documents(.rounds).first)
        #expect(round.text("status") == "Finished")
        #expect(round["combiners"]?.array?.first?.number("data.aggregation_time.nr_aggregated_models") == 2)
        let task = try #require(try room.documents(.commands, ("client_id", "client-1")).first)
        #expect(task.text("status") == "TIMEOUT")
        #expect(room.trainers.withdrawals == [task.text("correlation_id") ?? "": .timeout])
        try await room.close()
    }

    @Test func aTimeOutWithoutUpdatesFailsTheRound() async throws {
        let room = try await Self.room()
        for client in Self.clients { room.trainers.set(.silent, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        await room.trainers.untilQuiet()
        room.clock.advance(by: .seconds(180))
        await room.untilQuiet()
        #expect(try room.documents(.rounds).first?.text("status") == "Failed")
        #expect(try room.documents(.rounds).first?.text("round_data.reason") == "no participant delivered an update")
        try await room.close()
    }

    @Test func aRoundWaitsForItsClients() async throws {
        let room = try await Self.room(["rounds": 2, "clients_required": 3, "round_timeout": 10])
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        room.trainers.set(online: false, "client-2")
        await room.trainers.untilQuiet()
        while try room.count(.rounds) < 2 { await Task.yield() }
        #expect(room.controller.state == .instructing)
        room.trainers.set(online: true, "client-2")
        await room.controller.participantsChanged()
        await room.untilQuiet()
        #expect(try room.documents(.rounds).map { $0.text("status") } == ["Finished", "Finished"])
        try await room.close()
    }

    @Test func aRoundThatWaitsInVainFails() async throws {
        let room = try await Self.room(["rounds": 2, "clients_required": 3, "round_timeout": 10])
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        room.trainers.set(online: false, "client-2")
        while try room.count(.statuses, ("log_level", "WARNING")) < 1 { await Task.yield() }
        await room.trainers.untilQuiet()
        room.clock.advance(by: .seconds(10))
        await room.untilQuiet()
        #expect(try room.documents(.rounds).map { $0.text("status") } == ["Finished", "Failed"])
        #expect(try room.document(.sessions, "session")?.text("status") == "Finished")
        try await room.close()
    }

    @Test func skippingAveragesWhatIsThere() async throws {
        let room = try await Self.room()
        room.trainers.set(.slow, of: "client-0")
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        await room.trainers.untilQuiet()
        try await room.controller.skip()
        await room.untilQuiet()
        #expect(try room.documents(.rounds).first?.text("status") == "Finished")
        // The late update is passed over, and its upload is gone.
        await room.trainers.release()
        #expect(try room.count(.statuses, ("log_level", "WARNING")) == 1)
        #expect(room.trainers.failures == [])
        try await room.close()
    }

    @Test func stoppingInterruptsEverything() async throws {
        let room = try await Self.room(["rounds": 3])
        for client in Self.clients { room.trainers.set(.slow, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        await room.trainers.untilQuiet()
        try await room.controller.stop()
        #expect(room.controller.state == .idle)
        #expect(try room.document(.sessions, "session")?.text("status") == "Terminated")
        #expect(try room.documents(.rounds).map { $0.text("status") } == ["Terminated"])
        #expect(try room.documents(.commands).map { $0.text("status") } == Array(repeating: "INTERRUPTED", count: 4))
        #expect(room.trainers.withdrawals.values.allSatisfy { $0 == .interrupted })
        #expect(room.trainers.withdrawals.count == 3)
        let run = try #require(try room.documents(.runs).first)
        #expect(run.text("completed_at") != nil)
        #expect(run.text("status") == "Terminated")
        await #expect(throws: ControlError.nothingRunning) { try await room.controller.stop() }
        await #expect(throws: ControlError.nothingRunning) { try await room.controller.skip() }
        // It may be started again.
        for client in Self.clients { room.trainers.set(.diligent, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session", rounds: 1))
        await room.untilQuiet()
        #expect(try room.document(.sessions, "session")?.text("status") == "Finished")
        try await room.close()
    }

    @Test func aPatchToTerminatedStops() async throws {
        let room = try await Self.room()
        for client in Self.clients { room.trainers.set(.slow, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        try await room.controller.sessionWasPatched("session")
        #expect(room.controller.state == .monitoring)
        _ = try await room.store.collection("sessions").update("session") { old in
            var new = old
            new["status"] = "Terminated"
            return new
        }
        try await room.controller.sessionWasPatched("session")
        #expect(room.controller.state == .idle)
        #expect(try room.documents(.rounds).first?.text("status") == "Terminated")
        try await room.close()
    }

    @Test func whatArrivesTwiceCountsOnce() async throws {
        let room = try await Self.room(["rounds": 2])
        for client in Self.clients { room.trainers.set(.repeating, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        await room.untilQuiet()
        for round in try room.documents(.rounds) {
            #expect(round["combiners"]?.array?.first?.number("data.aggregation_time.nr_aggregated_models") == 3)
        }
        #expect(try room.count(.statuses, ("log_level", "WARNING")) == 0)
        #expect(room.trainers.failures == [])
        try await room.close()
    }

    @Test func stragglersCountInTheNextRound() async throws {
        let room = try await Self.room(["rounds": 2, "buffer_size": 2, "accept_stragglers": true])
        room.trainers.set(.slow, of: "client-0")
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        while try room.count(.rounds, ("status", "Finished")) < 1 { await Task.yield() }
        room.trainers.set(.slow, of: "client-1")
        while room.trainers.assignments.filter({ $0.type == .modelUpdate }).count < 6 { await Task.yield() }
        await room.trainers.untilQuiet()
        await room.trainers.release()
        await room.untilQuiet()
        let counts = try room.documents(.rounds).map {
            $0["combiners"]?.array?.first?.number("data.aggregation_time.nr_aggregated_models")
        }
        #expect(counts.first == 2)
        #expect(counts.last.flatMap { $0 } ?? 0 >= 2)
        #expect(try room.count(.commands, ("status", "RUNNING")) == 0)
        try await room.close()
    }

    /// A client may report only for its own tasks.
    @Test func whatOthersReportIsPassedOver() async throws {
        let room = try await Self.room()
        for client in Self.clients { room.trainers.set(.slow, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        await room.trainers.untilQuiet()
        let task = try #require(room.trainers.assignments.first)
        let other = Self.clients.first { $0 != task.clientID } ?? ""
        for id in [task.correlationID, "unknown"] {
            let report = ActivityReport(clientID: other, correlationID: id, status: .failed, isDone: true)
            try await room.controller.receive(.activity(report))
        }
        #expect(try room.document(.commands, task.correlationID)?.text("status") == "RUNNING")
        try await room.controller.stop()
        try await room.close()
    }

    /// An update that names the blob of a model would take the model away with it.
    @Test func aModelIsNobodysUpdate() async throws {
        let room = try await Self.room()
        for client in Self.clients { room.trainers.set(.vanishing, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        let blobID = try #require(try room.document(.models, "seed")?.text("blob_id"))
        for task in room.trainers.assignments {
            let report = ModelUpdateReport(
                clientID: task.clientID,
                correlationID: task.correlationID,
                modelUpdateID: task.correlationID,
                fileToken: blobID,
                meta: ["training_metadata": ["num_examples": 1]]
            )
            try await room.controller.receive(.modelUpdate(report))
        }
        await room.untilQuiet()
        #expect(try room.documents(.rounds).first?.text("status") == "Failed")
        _ = try await room.accuracy(of: "seed")
        try await room.close()
    }

    /// A file that one task has delivered is not the update of another: it would count twice.
    @Test func updateOfAnotherTaskIsLeftOut() async throws {
        let room = try await Self.roomOfNumbers()
        let token = try await room.blobs.upload("update.npz", Self.file(of: 3)).token
        for task in room.trainers.assignments {
            let report = ModelUpdateReport(
                clientID: task.clientID,
                correlationID: task.correlationID,
                modelUpdateID: task.correlationID,
                fileToken: token,
                meta: ["training_metadata": ["num_examples": 1]]
            )
            try await room.controller.receive(.modelUpdate(report))
        }
        await room.untilQuiet()
        let round = try #require(try room.documents(.rounds).first)
        let combiner = try #require(round[path: "combiners"]?.array?.first)
        #expect(combiner.number("data.aggregation_time.nr_aggregated_models") == 1)
        #expect(try room.count(.statuses, ("log_level", "WARNING")) == 1)
        try await room.close()
    }

    /// A session of a model of two ones, whose clients do not answer by themselves.
    private static func roomOfNumbers() async throws -> Classroom {
        let room = try Classroom.open(clients: 2)
        let upload = try await room.blobs.upload("seed.npz", Self.file(of: 1))
        _ = try await room.blobs.claim(upload.token)
        try await room.insert(
            .models,
            [
                "model_id": "seed", "helper": "numpyhelper", "file_name": "seed.npz", "file_size": 1, "checksum": "",
                "blob_id": .string(upload.token),
            ]
        )
        _ = try await room.makeSession(["rounds": 1, "validate": false])
        for client in Self.clients { room.trainers.set(.vanishing, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        return room
    }

    /// One example of zeros and three of fours make threes.
    @Test func updatesCountByTheirExamples() async throws {
        let room = try await Self.roomOfNumbers()
        for (task, (value, count)) in zip(room.trainers.assignments, [(Float(0), JSON.number(JSONNumber(1))), (4, 3)]) {
            let report = ModelUpdateReport(
                clientID: task.clientID,
                correlationID: task.correlationID,
                modelUpdateID: task.correlationID,
                fileToken: try await room.blobs.upload("update.npz", Self.file(of: value)).token,
                meta: ["training_metadata": ["num_examples": count]]
            )
            try await room.controller.receive(.modelUpdate(report))
        }
        await room.untilQuiet()
        let model = try #require(try room.documents(.models, ("session_id", "session")).first)
        let mean = try await room.blobs.content(of: model.text("blob_id") ?? "")
        #expect(try ModelFile.open(MemorySource(mean)).array(0).values == [3, 3])
        try await room.close()
    }

    private static func file(of value: Float) -> [UInt8] {
        ModelFile.npz([WeightsArray([value, value], shape: [2])])
    }
}
