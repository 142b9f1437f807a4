internal import Federation
internal import JSON
internal import Store

/// Sessions: from their start to their end.
extension Controller {
    /// Runs a session; returns when its first round is under way.
    ///
    /// Each round waits for enough clients up to its time-out, so clients that disconnect for a while do not make all
    /// rounds fail at once.
    ///
    /// - Throws: `.sessionIDMissing`, `.unknownSession`, `.sessionAlreadyRunning`, `.notEnoughClients`,
    ///   `.seedModelMissing`, `.modelNotAveraged`, `.serverFunctions`, `.unknownAggregator`, checked in this order; `.closed`.
    package func startSession(_ start: SessionStart) async throws {
        try await inTurn { controller in
            let document = try controller.sessionToStart(start)
            guard controller.session == nil else { throw ControlError.sessionAlreadyRunning }
            if controller.hasRemains { try await controller.closeRemains() }
            var start = start
            if let rounds = start.rounds, rounds < 1 { start.rounds = nil }
            if start.modelNamePrefix?.isEmpty == true { start.modelNamePrefix = nil }
            if start.clientIDs?.isEmpty == true { start.clientIDs = nil }
            let session = try await controller.session(document, start)
            do { try await controller.begin(session) } catch {
                await controller.giveUp(because: error)
                throw error
            }
        }
    }

    /// Stops the running session, or else the newest running command.
    ///
    /// Open tasks become `INTERRUPTED`, session and round `Terminated`; returns when that is stored.
    /// - Throws: `.nothingRunning`, `.closed`.
    package func stop() async throws {
        try await inTurn { controller in
            if controller.session != nil { return try await controller.stopSession() }
            guard let command = controller.newestCommand else { throw ControlError.nothingRunning }
            try await controller.happened(.stop, in: command)
        }
    }

    /// Stops waiting: the updates so far are averaged, or the results so far become those of the newest command.
    ///
    /// - Throws: `.nothingRunning`, `.closed`.
    package func skip() async throws {
        try await inTurn { controller in
            if let round = controller.session?.round { return try await controller.happened(.skip, inRound: round.id) }
            guard let command = controller.newestCommand else { throw ControlError.nothingRunning }
            try await controller.happened(.skip, in: command)
        }
    }

    /// Checks a session after its document was changed: one that is `Terminated` now is stopped.
    package func sessionWasPatched(_ id: String) async throws {
        try await inTurn { controller in
            guard controller.session?.id == id else { return }
            let status = try controller.records.sessions.get(id)?["status"]?.string
            if status == "Terminated" { try await controller.stopSession() }
        }
    }

    private var newestCommand: RunningCommand? {
        commands.values.max { $0.number < $1.number }
    }

    func stopSession() async throws {
        guard let session else { return }
        do {
            for effect in session.state.handle(.stop) { try await perform(effect, session) }
        } catch {
            await giveUp(because: error)
            throw error
        }
    }
}

/// Starting.
extension Controller {
    /// Returns the session's document; throws if it does not exist or a session is running.
    private func sessionToStart(_ start: SessionStart) throws -> JSONObject {
        guard let id = start.sessionID, !id.isEmpty else { throw ControlError.sessionIDMissing }
        guard let document = try records.sessions.get(id) else { throw ControlError.unknownSession(id) }
        return document
    }

    /// Checks everything else, and stores that the session is running.
    ///
    /// The order of the writes shows a restart how far it came: the root command contains the request, the run document
    /// shows that the session began, and its `completed_at` that it has ended.
    private func session(_ document: JSONObject, _ start: SessionStart) async throws -> RunningSession {
        let id = start.sessionID ?? ""
        var config = SessionConfig(object: document["session_config"]?.object ?? [:])
        if let timeout = start.roundTimeout { config.object["round_timeout"] = JSON(timeout) }
        let clients = await clients(among: start.clientIDs)
        guard clients.count >= config.clientsRequired else {
            throw ControlError.notEnoughClients(required: config.clientsRequired)
        }
        let modelID = try records.newestModel(ofSession: id) ?? config.seedModelID
        guard try records.models.get(config.seedModelID) != nil, let model = try records.models.get(modelID) else {
            throw ControlError.seedModelMissing(config.seedModelID)
        }
        if let reason = model["contents"]?["reason"]?.string {
            throw ControlError.modelNotAveraged(modelID, reason: reason)
        }
        guard config.serverFunctions?.isEmpty ?? true else { throw ControlError.serverFunctions }
        guard Aggregation.names.contains(config.aggregator) else {
            throw ControlError.unknownAggregator(config.aggregator)
        }

        let session = RunningSession(
            id: id,
            config: config,
            rootID: UniqueID.random(),
            runID: UniqueID.random(),
            start: start,
            firstRoundNumber: try records.lastRoundNumber() + 1,
            modelID: modelID
        )
        try await records.commands.insert(rootDocument(of: session))
        try await records.runs.insert(runDocument(of: session))
        try await records.sessions.update(id, ["status": "Started", "session_config": .object(config.object)])
        return session
    }

    private func begin(_ session: RunningSession) async throws {
        self.session = session
        enter(.instruct)
        try await note(session, "Session started: \(session.roundCount) rounds from model \(session.modelID)")
        try await perform(.start(rounds: session.roundCount, done: 0), session)
    }

    private func rootDocument(of session: RunningSession) -> JSONObject {
        [
            "correlation_id": .string(session.rootID),
            "command_type": .string(CommandType.startSession.name),
            "status": .string(CommandStatus.running.rawValue),
            "session_id": .string(session.id),
            "model_id": .string(session.modelID),
            "parameters": .object(session.parameters),
            "started_at": JSON(clock.now()),
        ]
    }

    private func runDocument(of session: RunningSession) -> JSONObject {
        [
            "run_id": .string(session.runID),
            "session_id": .string(session.id),
            "status": "Started",
            "model_id": .string(session.modelID),
            "round_timeout": JSON(session.config.roundTimeout),
            "rounds": JSON(session.roundCount),
        ]
    }
}

/// Continuing and ending.
extension Controller {
    func perform(_ event: SessionState.Event, _ session: RunningSession) async throws {
        for effect in session.state.handle(event) { try await perform(effect, session) }
    }

    private func perform(_ effect: SessionState.Effect, _ session: RunningSession) async throws {
        switch effect {
        case .beginRound(let number): try await beginRound(number, session)
        case .stopRound:
            // From here on the session has ended, even after a crash.
            try await complete(session, as: "Terminated")
            if let round = session.round { try await happened(.stop, inRound: round.id) }
        case .finish:
            try await complete(session, as: "Finished")
            try await end(session, as: "Finished", root: .completed)
        case .terminate: try await end(session, as: "Terminated", root: .interrupted)
        }
    }

    /// Stores in the run's document how the session ends.
    func complete(_ session: RunningSession, as status: String) async throws {
        try await records.runs.update(
            session.runID,
            [
                "status": .string(status),
                "completed_at": JSON(clock.now()),
                "completed_at_model_id": .string(session.modelID),
            ]
        )
    }

    private func end(_ session: RunningSession, as status: String, root: CommandStatus) async throws {
        try await close(sessionID: session.id, as: status, modelID: session.modelID)
        for (correlationID, place) in tasks {
            guard case .round(_, let clientID) = place else { continue }
            try await withdraw(correlationID, from: clientID, as: .timeout)
        }
        try await closeCommand(session.rootID, as: root)
        if session.config.deletesUpdates { await remove(session.held) }
        try await note(session, "Session \(status.lowercased()) with model \(session.modelID)")
        self.session = nil
        enter(.rest)
    }

    /// Stores that a session has ended; the next start begins from its last model.
    func close(sessionID: String, as status: String, modelID: String) async throws {
        try await records.sessions.update(
            sessionID,
            ["status": .string(status), "session_config": ["model_id": .string(modelID)]]
        )
    }

    func closeCommand(_ id: String, as status: CommandStatus) async throws {
        try await records.commands.update(id, ["status": .string(status.rawValue), "completed_at": JSON(clock.now())])
    }

    /// Withdraws a task of a round.
    func withdraw(_ correlationID: String, from client: String, as status: CommandStatus) async throws {
        tasks[correlationID] = nil
        try await closeCommand(correlationID, as: status)
        await participants.withdraw(correlationID, from: client, as: status)
    }

    func note(_ session: RunningSession, _ text: String, level: String = "INFO") async throws {
        let note = Note(text: text, type: "SESSION", level: level, correlationID: session.rootID, sessionID: session.id)
        try await records.note(note, at: clock.now())
    }

    /// Returns the clients that are online and may take part, in the order of their ids.
    func clients(among ids: [String]?) async -> [Participant] {
        var known: Set<String> = []
        let online = await participants.online().filter { known.insert($0.id).inserted }.sorted { $0.id < $1.id }
        guard let ids = ids.map(Set.init) else { return online }
        return online.filter { ids.contains($0.id) }
    }
}

extension RunningSession {
    /// The parameters of its start, as its root command stores them.
    var parameters: JSONObject {
        [
            "session_id": .string(id),
            "run_id": .string(runID),
            "first_round": JSON(firstRoundNumber),
            "rounds": JSON(roundCount),
            "round_timeout": JSON(config.roundTimeout),
            "model_name_prefix": JSON(start.modelNamePrefix),
            "client_ids": start.clientIDs.map { .array($0.map(JSON.string)) } ?? .null,
        ]
    }
}
