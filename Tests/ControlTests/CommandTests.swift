import Catalog
import Control
import Federation
import JSON
import Testing
import Trainers

/// Commands other than training.
@Suite(.timeLimit(.minutes(60)))
struct CommandTests {
    @Test func synchronousCommandReturnsTheResults() async throws {
        let fixture = try TrainingFixture.open()
        let order = CommandOrder(parameters: ["depth": 3], isSynchronous: true)
        let outcome = try await fixture.controller.runCommand("Look", order)
        guard case .executed(let type, let id, let status, let results) = outcome else {
            Issue.record("the command was not executed")
            return
        }
        #expect(type.name == "Custom_Look")
        #expect(status == .completed)
        #expect(results.map(\.clientID) == ["client-0", "client-1", "client-2"])
        #expect(results.map(\.response) == Array(repeating: ["echo": #"{"parameters":{"depth":3}}"#], count: 3))
        let root = try #require(try fixture.document(.commands, id))
        #expect(root.text("command_type") == "Custom_Look")
        #expect(root["parameters"] == ["depth": 3])
        #expect(root.text("status") == "COMPLETED")
        let tasks = try fixture.documents(.commands, ("parent_correlation_id", id))
        #expect(tasks.map { $0.text("status") } == Array(repeating: "COMPLETED", count: 3))
        #expect(tasks.allSatisfy { $0.text("completed_at") != nil && $0["response"]?.object != nil })
        try await fixture.close()
    }

    @Test func asynchronousCommandIsPending() async throws {
        let fixture = try TrainingFixture.open()
        let outcome = try await fixture.controller.runCommand("Custom_Look", CommandOrder(clientIDs: ["client-1"]))
        #expect(outcome == .pending(outcome.type, correlationID: outcome.correlationID))
        await fixture.trainers.untilQuiet()
        #expect(try fixture.document(.commands, outcome.correlationID)?.text("status") == "COMPLETED")
        #expect(try fixture.count(.commands, ("parent_correlation_id", outcome.correlationID)) == 1)
        try await fixture.close()
    }

    @Test(arguments: [
        (nil, ControlError.commandTypeMissing), ("", .commandTypeMissing),
        ("Fedn_Look", .commandTypeForbidden("Fedn_Look")),
    ])
    func reservedTypeIsRefused(type: String?, refusal: ControlError) async throws {
        let fixture = try TrainingFixture.open()
        await #expect(throws: refusal) { try await fixture.controller.runCommand(type, CommandOrder()) }
        #expect(try fixture.count(.commands) == 0)
    }

    @Test func commandWithoutClientsIsRefused() async throws {
        let fixture = try TrainingFixture.open()
        let order = CommandOrder(clientIDs: ["offline"])
        await #expect(throws: ControlError.notEnoughClients(required: 1)) {
            try await fixture.controller.runCommand("Look", order)
        }
        let empty = Controller(fixture.network)
        #expect(try await empty.restartClients(abortOngoingTasks: true) == nil)
    }

    @Test func unknownIDIsRefused() async throws {
        let fixture = try TrainingFixture.open()
        let controller = fixture.controller
        await #expect(throws: ControlError.unknownModel("m")) {
            try await controller.startInference(modelID: "m", CommandOrder())
        }
        await #expect(throws: ControlError.unknownModel("m")) { try await controller.stageModel("m", clientIDs: nil) }
        await #expect(throws: ControlError.unknownModel("m")) {
            try await controller.startValidation(sessionID: nil, modelID: "m")
        }
        await #expect(throws: ControlError.unknownSession("s")) {
            try await controller.startValidation(sessionID: "s", modelID: "m")
        }
        await #expect(throws: ControlError.unknownCommand("c")) { try await controller.stop(command: "c") }
        await #expect(throws: ControlError.unknownCommand("c")) { try await controller.skip(command: "c") }
    }

    @Test func repeatedValidationReportIsStoredOnce() async throws {
        let fixture = try TrainingFixture.open()
        let seed = try await fixture.makeSeed()
        let outcome = try await fixture.controller.startValidation(sessionID: nil, modelID: seed)
        await fixture.trainers.untilQuiet()
        let found = try fixture.documents(.validations, ("model_id", seed))
        #expect(found.count == 3)
        #expect(Set(found.map { $0.text("sender.client_id") }) == ["client-0", "client-1", "client-2"])
        let again = ValidationReport(
            clientID: "client-0",
            correlationID: found.first { $0.text("sender.client_id") == "client-0" }?.text("correlation_id") ?? "",
            modelID: seed,
            sessionID: nil,
            data: "{}"
        )
        try await fixture.controller.receive(.validation(again))
        #expect(try fixture.count(.validations) == 3)
        #expect(try fixture.document(.commands, outcome.correlationID)?.text("status") == "COMPLETED")
    }

    /// Every kind of command, as the participants receive it.
    @Test func taskHasTheFieldsOfItsType() async throws {
        let fixture = try TrainingFixture.open(clients: 1)
        let seed = try await fixture.makeSeed()
        let controller = fixture.controller
        _ = try await controller.startInference(modelID: seed, CommandOrder(parameters: ["x": 1], isSynchronous: true))
        _ = try await controller.stageModel(seed, clientIDs: ["client-0"])
        _ = try await controller.restartClients(abortOngoingTasks: true)
        await fixture.trainers.untilQuiet()
        let tasks = fixture.trainers.assignments
        #expect(tasks.map(\.type) == [.inference, .stageModel, .restartClient])
        #expect(tasks.map(\.modelID) == [seed, seed, nil])
        #expect(
            tasks.map(\.data) == [#"{"parameters":{"x":1}}"#, "{}", #"{"parameters":{"abort_ongoing_tasks":true}}"#]
        )
        #expect(try fixture.count(.commands, ("status", "COMPLETED")) == 6)
    }

    /// A command whose clients do not answer ends by stop, skip or time-out.
    @Test(arguments: [
        ("stop", "INTERRUPTED", "INTERRUPTED"), ("skip", "TIMEOUT", "COMPLETED"), ("time", "TIMEOUT", "TIMEOUT"),
    ])
    func commandEndsEarly(how: String, task: String, root: String) async throws {
        let fixture = try TrainingFixture.open()
        let seed = try await fixture.makeSeed()
        let controller = Controller(
            fixture.network,
            participants: SilentParticipants(),
            clock: fixture.clock
        )
        let outcome = try await controller.startInference(modelID: seed, CommandOrder(timeout: 30))
        let id = outcome.correlationID
        switch how {
        case "stop": try await controller.stop(command: id)
        case "skip": try await controller.skip()
        default:
            while fixture.clock.sleeperCount == 0 { await Task.yield() }
            fixture.clock.advance(by: .seconds(30))
            while try fixture.document(.commands, id)?.text("status") == "RUNNING" { await Task.yield() }
        }
        #expect(try fixture.document(.commands, id)?.text("status") == root)
        let tasks = try fixture.documents(.commands, ("parent_correlation_id", id))
        #expect(tasks.map { $0.text("status") } == [task, task])
        // A command that has ended does not change.
        try await controller.stop(command: id)
        #expect(try fixture.document(.commands, id)?.text("status") == root)
    }

    @Test func stoppedTaskLeavesTheOthersRunning() async throws {
        let fixture = try TrainingFixture.open()
        let controller = Controller(fixture.network, participants: SilentParticipants(), clock: fixture.clock)
        let id = try await controller.runCommand("Look", CommandOrder(timeout: -1)).correlationID
        let tasks = try fixture.documents(.commands, ("parent_correlation_id", id)).compactMap {
            $0.text("correlation_id")
        }
        try await controller.stop(command: tasks[0])
        #expect(try fixture.document(.commands, tasks[0])?.text("status") == "INTERRUPTED")
        #expect(try fixture.document(.commands, id)?.text("status") == "RUNNING")
        try await controller.skip(command: tasks[1])
        #expect(try fixture.document(.commands, id)?.text("status") == "TIMEOUT")
        #expect(fixture.clock.sleeperCount == 0)
    }

    @Test func shutdownEndsTheWaiting() async throws {
        let fixture = try TrainingFixture.open()
        let controller = Controller(fixture.network, participants: SilentParticipants(), clock: fixture.clock)
        async let outcome = controller.runCommand("Look", CommandOrder(isSynchronous: true))
        while try fixture.count(.commands) < 3 { await Task.yield() }
        await controller.shutdown()
        guard case .pending = try await outcome else {
            Issue.record("no client has answered")
            return
        }
        await #expect(throws: ControlError.closed) { try await controller.runCommand("Look", CommandOrder()) }
    }
}

/// Two participants that take every task and never answer.
struct SilentParticipants: Participants {
    func online() async -> [Participant] {
        [Participant(id: "a", name: "a", combiner: "c"), Participant(id: "b", name: "b", combiner: "c")]
    }

    func assign(_ task: Assignment) async {}
    func withdraw(_ correlationID: String, from clientID: String, as status: CommandStatus) async {}
}
