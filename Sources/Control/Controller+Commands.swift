internal import Federation
internal import JSON
internal import Store

/// Commands other than training: each has a root document and one task for each client.
extension Controller {
    /// Starts a custom command on clients; the prefix `Custom_` is added to a type without it.
    ///
    /// - Throws: `.commandTypeMissing`, `.commandTypeForbidden`, `.notEnoughClients` if none of the named clients is
    ///   online; `.closed`, and errors of storage.
    package func runCommand(_ type: String?, _ order: CommandOrder) async throws -> CommandOutcome {
        try await run(CommandPlan(type: .custom(type), parameters: order.parameters, timeout: order.timeout), order)
    }

    /// Starts inference with a model on the clients' own data.
    ///
    /// - Throws: `.unknownModel`, `.notEnoughClients`, `.closed`.
    package func startInference(modelID: String, _ order: CommandOrder) async throws -> CommandOutcome {
        guard try records.models.get(modelID) != nil else { throw ControlError.unknownModel(modelID) }
        let plan = CommandPlan(
            type: .inference,
            modelID: modelID,
            parameters: order.parameters,
            timeout: order.timeout
        )
        return try await run(plan, order)
    }

    /// Starts the validation of a model on every client; the results become documents of `validations`.
    ///
    /// - Throws: `.unknownSession`, `.unknownModel`, `.notEnoughClients`, `.closed`.
    package func startValidation(sessionID: String?, modelID: String) async throws -> CommandOutcome {
        if let sessionID, try records.sessions.get(sessionID) == nil { throw ControlError.unknownSession(sessionID) }
        guard try records.models.get(modelID) != nil else { throw ControlError.unknownModel(modelID) }
        return try await run(CommandPlan(type: .validation, modelID: modelID, sessionID: sessionID), CommandOrder())
    }

    /// Starts fetching a model into the clients' caches.
    ///
    /// - Throws: `.unknownModel`, `.notEnoughClients`, `.closed`.
    package func stageModel(_ modelID: String, clientIDs: [String]?) async throws -> CommandOutcome {
        guard try records.models.get(modelID) != nil else { throw ControlError.unknownModel(modelID) }
        return try await run(
            CommandPlan(type: .stageModel, modelID: modelID),
            CommandOrder(clientIDs: clientIDs)
        )
    }

    /// Restarts every client, for example for a new package; returns nil if no client is online.
    ///
    /// - Throws: `.closed`, and errors of the store.
    package func restartClients(abortOngoingTasks: Bool) async throws -> CommandOutcome? {
        let plan = CommandPlan(
            type: .restartClient,
            parameters: ["abort_ongoing_tasks": .bool(abortOngoingTasks)]
        )
        do { return try await run(plan, CommandOrder()) } catch ControlError.notEnoughClients { return nil }
    }

    /// Stops a command, or one task of it, as `INTERRUPTED`; the command of a session stops the session.
    ///
    /// A command that has ended does not change.
    /// - Throws: `.unknownCommand`, `.closed`.
    package func stop(command correlationID: String) async throws {
        try await end(command: correlationID, stopping: true)
    }

    /// Stops waiting for a command's clients, or for one of them, as `TIMEOUT`; for a session, it ends the round's
    /// waiting.
    ///
    /// - Throws: `.unknownCommand`, `.closed`.
    package func skip(command correlationID: String) async throws {
        try await end(command: correlationID, stopping: false)
    }

    private func end(command id: String, stopping: Bool) async throws {
        try await inTurn { controller in
            let status: CommandStatus = stopping ? .interrupted : .timeout
            if let command = controller.commands[id] {
                return try await controller.happened(stopping ? .stop : .skip, in: command)
            }
            if let session = controller.session, session.rootID == id {
                if stopping { return try await controller.stopSession() }
                guard let round = session.round else { return }
                return try await controller.happened(.skip, inRound: round.id)
            }
            switch controller.tasks[id] {
            case .round(let roundID, let client)?:
                try await controller.withdraw(id, from: client, as: status)
                try await controller.happened(.lost(client: client), inRound: roundID)
            case .command(let rootID, let client)?:
                guard let command = controller.commands[rootID] else { return }
                try await controller.happened(.giveUp(client: client, status), in: command)
            case nil:
                guard try controller.records.commands.get(id) != nil else { throw ControlError.unknownCommand(id) }
            }
        }
    }
}

/// A command without its clients.
struct CommandPlan: Sendable {
    let type: CommandType
    var modelID: String?
    var sessionID: String?
    var parameters: JSON = .null
    /// Seconds; nil for the default.
    var timeout: Double?

    /// The data that each client receives.
    var data: String {
        var object: JSONObject = [:]
        if !parameters.isNull { object["parameters"] = parameters }
        return String(decoding: object.bytes, as: UTF8.self)
    }
}

/// Running commands.
extension Controller {
    private func run(_ plan: CommandPlan, _ order: CommandOrder) async throws -> CommandOutcome {
        let command = try await inTurn { controller in
            let clients = await controller.clients(among: order.clientIDs)
            guard !clients.isEmpty else { throw ControlError.notEnoughClients(required: 1) }
            return try await controller.begin(plan, with: clients)
        }
        guard order.isSynchronous else { return .pending(plan.type, correlationID: command.id) }
        if !command.state.status.isEnd { await withCheckedContinuation { command.waiting.append($0) } }
        // A shutdown of the controller also ends the waiting.
        return command.state.status.isEnd ? command.outcome : .pending(plan.type, correlationID: command.id)
    }

    /// Starts the validation of the session's newest model; the session does not wait for it.
    func validate(_ session: RunningSession) async throws {
        let clients = await clients(among: session.start.clientIDs)
        guard !clients.isEmpty else { return }
        let plan = CommandPlan(type: .validation, modelID: session.modelID, sessionID: session.id)
        _ = try await begin(plan, with: clients)
    }

    /// Stores a command and its tasks, then assigns them; returns the command.
    private func begin(_ plan: CommandPlan, with clients: [Participant]) async throws -> RunningCommand {
        let rootID = UniqueID.random()
        let timeout = Timeout.duration(seconds: plan.timeout ?? Timeout.secondsDefault)
        try await records.commands.insert([
            "correlation_id": .string(rootID),
            "command_type": .string(plan.type.name),
            "status": .string(CommandStatus.running.rawValue),
            "session_id": JSON(plan.sessionID),
            "model_id": JSON(plan.modelID),
            "parameters": plan.parameters,
            "timeout": timeout.map { JSON($0.inSeconds) } ?? -1,
            "started_at": JSON(clock.now()),
        ])
        let assignments = clients.map { client in
            Assignment(
                clientID: client.id,
                type: plan.type,
                correlationID: UniqueID.random(),
                modelID: plan.modelID,
                sessionID: plan.sessionID,
                roundID: nil,
                data: plan.data
            )
        }
        try await records.insertTasks(assignments, of: rootID, timeout: timeout, at: clock.now())
        commandCount += 1
        let command = RunningCommand(
            id: rootID,
            type: plan.type,
            tasks: Dictionary(uniqueKeysWithValues: assignments.map { ($0.clientID, $0.correlationID) }),
            number: commandCount
        )
        commands[rootID] = command
        for assignment in assignments {
            tasks[assignment.correlationID] = .command(rootID: rootID, clientID: assignment.clientID)
            await participants.assign(assignment)
        }
        arm(command, timeout)
        return command
    }

    private func arm(_ command: RunningCommand, _ timeout: Duration?) {
        guard let timeout else { return }
        command.timer = Task { [clock, id = command.id] in
            do { try await clock.sleep(for: timeout) } catch { return }
            await inTurnAlone { controller in
                guard let command = controller.commands[id] else { return }
                do { try await controller.happened(.timedOut, in: command) } catch {
                    controller.notice("command \(id) timed out, but this could not be stored: \(error)")
                    controller.hasRemains = true
                    controller.end(command)
                }
            }
        }
    }

    /// Applies an event to a command and performs its effects.
    ///
    /// If an effect cannot be stored, the command is unchanged, and the event can be applied again.
    func happened(_ event: CommandState.Event, in command: RunningCommand) async throws {
        var state = command.state
        for effect in state.handle(event) {
            switch effect {
            case .enter(let client, let status): try await enter(client, status, command)
            case .withdraw(let client, let status):
                guard let correlationID = command.tasks[client] else { continue }
                await participants.withdraw(correlationID, from: client, as: status)
            case .end(let status): try await closeCommand(command.id, as: status)
            }
        }
        command.state = state
        if state.status.isEnd { end(command) }
    }

    private func enter(_ client: String, _ status: CommandStatus, _ command: RunningCommand) async throws {
        guard let correlationID = command.tasks[client] else { return }
        var change: JSONObject = ["status": .string(status.rawValue)]
        if status.isEnd {
            change["completed_at"] = JSON(clock.now())
            change["response"] = command.responses[client] ?? .null
        }
        try await records.commands.update(correlationID, change)
        if status.isEnd { tasks[correlationID] = nil }
    }

    private func end(_ command: RunningCommand) {
        command.timer?.cancel()
        commands[command.id] = nil
        command.waiting.forEach { $0.resume() }
        command.waiting = []
    }
}
