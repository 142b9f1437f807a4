import Catalog
import Control
import Federation
import JSON
import Testing
import Trainers

/// Commands that are no training.
@Suite(.timeLimit(.minutes(10)))
struct CommandTests {
    @Test func aCommandWaitsForItsClients() async throws {
        let room = try Classroom.open()
        let order = CommandOrder(parameters: ["depth": 3], isSynchronous: true)
        let outcome = try await room.controller.runCommand("Look", order)
        guard case .executed(let type, let id, let status, let results) = outcome else {
            Issue.record("it was not executed")
            return
        }
        #expect(type.name == "Custom_Look")
        #expect(status == .completed)
        #expect(results.map(\.clientID) == ["client-0", "client-1", "client-2"])
        #expect(results.map(\.response) == Array(repeating: ["echo": #"{"parameters":{"depth":3}}"#], count: 3))
        let root = try #require(try room.document(.commands, id))
        #expect(root.text("command_type") == "Custom_Look")
        #expect(root["parameters"] == ["depth": 3])
        #expect(root.text("status") == "COMPLETED")
        let tasks = try room.documents(.commands, ("parent_correlation_id", id))
        #expect(tasks.map { $0.text("status") } == Array(repeating: "COMPLETED", count: 3))
        #expect(tasks.allSatisfy { $0.text("completed_at") != nil && $0["response"]?.object != nil })
        try await room.close()
    }

    @Test func aCommandThatIsNotWaitedForIsPending() async throws {
        let room = try Classroom.open()
        let outcome = try await room.controller.runCommand("Custom_Look", CommandOrder(clientIDs: ["client-1"]))
        #expect(outcome == .pending(outcome.type, correlationID: outcome.correlationID))
        await room.trainers.untilQuiet()
        #expect(try room.document(.commands, outcome.correlationID)?.text("status") == "COMPLETED")
        #expect(try room.count(.commands, ("parent_correlation_id", outcome.correlationID)) == 1)
        try await room.close()
    }

    @Test(arguments: [
        (nil, ControlError.commandTypeMissing), ("", .commandTypeMissing),
        ("Fedn_Look", .commandTypeForbidden("Fedn_Look")),
    ])
    func reservedTypesAreRefused(type: String?, refusal: ControlError) async throws {
        let room = try Classroom.open()
        await #expect(throws: refusal) { try await room.controller.runCommand(type, CommandOrder()) }
        #expect(try room.count(.commands) == 0)
    }

    @Test func withoutClientsThereIsNoCommand() async throws {
        let room = try Classroom.open()
        let order = CommandOrder(clientIDs: ["nobody"])
        await #expect(throws: ControlError.notEnoughClients(required: 1)) {
            try await room.controller.runCommand("Look", order)
        }
        let empty = Controller(room.network)
        #expect(try await empty.restartClients(abortOngoingTasks: true) == nil)
    }

    @Test func whatIsUnknownIsRefused() async throws {
        let room = try Classroom.open()
        let controller = room.controller
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

    @Test func validationsAreStoredOnce() async throws {
        let room = try Classroom.open()
        let seed = try await room.makeSeed()
        let outcome = try await room.controller.startValidation(sessionID: nil, modelID: seed)
        await room.trainers.untilQuiet()
        let found = try room.documents(.validations, ("model_id", seed))
        #expect(found.count == 3)
        #expect(Set(found.map { $0.text("sender.client_id") }) == ["client-0", "client-1", "client-2"])
        let again = ValidationReport(
            clientID: "client-0",
            correlationID: found.first { $0.text("sender.client_id") == "client-0" }?.text("correlation_id") ?? "",
            modelID: seed,
            sessionID: nil,
            data: "{}"
        )
        try await room.controller.receive(.validation(again))
        #expect(try room.count(.validations) == 3)
        #expect(try room.document(.commands, outcome.correlationID)?.text("status") == "COMPLETED")
    }

    /// Every kind of command, as the participants see it.
    @Test func tasksCarryWhatTheirTypeNeeds() async throws {
        let room = try Classroom.open(clients: 1)
        let seed = try await room.makeSeed()
        let controller = room.controller
        _ = try await controller.startInference(modelID: seed, CommandOrder(parameters: ["x": 1], isSynchronous: true))
        _ = try await controller.stageModel(seed, clientIDs: ["client-0"])
        _ = try await controller.restartClients(abortOngoingTasks: true)
        await room.trainers.untilQuiet()
        let tasks = room.trainers.assignments
        #expect(tasks.map(\.type) == [.inference, .stageModel, .restartClient])
        #expect(tasks.map(\.modelID) == [seed, seed, nil])
        #expect(
            tasks.map(\.data) == [#"{"parameters":{"x":1}}"#, "{}", #"{"parameters":{"abort_ongoing_tasks":true}}"#]
        )
        #expect(try room.count(.commands, ("status", "COMPLETED")) == 6)
    }

    /// A command whose clients take their time ends by stop, skip or time-out.
    @Test(arguments: [
        ("stop", "INTERRUPTED", "INTERRUPTED"), ("skip", "TIMEOUT", "COMPLETED"), ("time", "TIMEOUT", "TIMEOUT"),
    ])
    func aCommandEndsEarly(how: String, task: String, root: String) async throws {
        let room = try Classroom.open()
        let seed = try await room.makeSeed()
        let controller = Controller(
            room.network,
            participants: Deaf(),
            clock: room.clock
        )
        let outcome = try await controller.startInference(modelID: seed, CommandOrder(timeout: 30))
        let id = outcome.correlationID
        switch how {
        case "stop": try await controller.stop(command: id)
        case "skip": try await controller.skip()
        default:
            while room.clock.sleeperCount == 0 { await Task.yield() }
            room.clock.advance(by: .seconds(30))
            while try room.document(.commands, id)?.text("status") == "RUNNING" { await Task.yield() }
        }
        #expect(try room.document(.commands, id)?.text("status") == root)
        let tasks = try room.documents(.commands, ("parent_correlation_id", id))
        #expect(tasks.map { $0.text("status") } == [task, task])
        // What ended stays as it is.
        try await controller.stop(command: id)
        #expect(try room.document(.commands, id)?.text("status") == root)
    }

    @Test func oneTaskIsStoppedAlone() async throws {
        let room = try Classroom.open()
        let controller = Controller(room.network, participants: Deaf(), clock: room.clock)
        let id = try await controller.runCommand("Look", CommandOrder(timeout: -1)).correlationID
        let tasks = try room.documents(.commands, ("parent_correlation_id", id)).compactMap {
            $0.text("correlation_id")
        }
        try await controller.stop(command: tasks[0])
        #expect(try room.document(.commands, tasks[0])?.text("status") == "INTERRUPTED")
        #expect(try room.document(.commands, id)?.text("status") == "RUNNING")
        try await controller.skip(command: tasks[1])
        #expect(try room.document(.commands, id)?.text("status") == "TIMEOUT")
        #expect(room.clock.sleeperCount == 0)
    }

    @Test func shuttingDownEndsTheWaiting() async throws {
        let room = try Classroom.open()
        let controller = Controller(room.network, participants: Deaf(), clock: room.clock)
        async let outcome = controller.runCommand("Look", CommandOrder(isSynchronous: true))
        while try room.count(.commands) < 3 { await Task.yield() }
        await controller.shutdown()
        guard case .pending = try await outcome else {
            Issue.record("nobody has answered")
            return
        }
        await #expect(throws: ControlError.closed) { try await controller.runCommand("Look", CommandOrder()) }
    }
}

/// Two participants who take every task and never answer.
struct Deaf: Participants {
    func online() async -> [Participant] {
        [Participant(id: "a", name: "a", combiner: "c"), Participant(id: "b", name: "b", combiner: "c")]
    }

    func assign(_ task: Assignment) async {}
    func withdraw(_ correlationID: String, from clientID: String, as status: CommandStatus) async {}
}
