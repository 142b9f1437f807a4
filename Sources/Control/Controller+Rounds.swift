internal import Federation
internal import JSON
internal import Store

/// Rounds: from the selection of clients to the barrier.
extension Controller {
    /// Stores a round and assigns its tasks, or waits if too few clients are online.
    func beginRound(_ number: Int, _ session: RunningSession) async throws {
        enter(.instruct)
        let id = String(try records.lastRoundNumber() + 1)
        let round = RunningRound(
            id: id,
            number: number,
            state: RoundState(
                bufferSize: session.config.bufferSize,
                acceptsStragglers: session.config.acceptsStragglers
            )
        )
        var config = session.config.object
        config["session_id"] = .string(session.id)
        config["round_id"] = .string(id)
        config["rounds"] = 1
        config["task"] = "training"
        config["client_settings"] = [:]
        try await records.rounds.insert([
            "round_id": .string(id), "status": "Pending", "round_config": .object(config),
        ])
        session.round = round
        for held in session.held {
            try await happened(.straggler(client: held.clientID, id: held.updateID), inRound: id)
            round.contributions.append(held)
        }
        session.held = []
        arm(round, session)
        try await gather(round, session)
        guard session.round === round, round.state.phase == .gathering else { return }
        try await note(session, "Round \(id) waits for clients", level: "WARNING")
    }

    /// Begins the round if enough clients are online.
    func gather(_ round: RunningRound, _ session: RunningSession) async throws {
        let clients = await clients(among: session.start.clientIDs)
        guard clients.count >= session.config.clientsRequired else { return }
        round.participants = clients
        try await happened(.gathered(clients.map(\.id)), inRound: round.id)
    }

    /// Reports that a client has come online: a waiting round checks again whether it can begin.
    package func participantsChanged() async {
        await inTurnAlone { controller in
            guard let session = controller.session, let round = session.round else { return }
            guard round.state.phase == .gathering else { return }
            try await controller.gather(round, session)
        }
    }

    /// Starts the time-out of a round's current phase.
    private func arm(_ round: RunningRound, _ session: RunningSession) {
        round.timer?.cancel()
        guard let timeout = session.timeout else { return }
        round.timer = Task { [clock, id = round.id, phase = round.state.phase] in
            do { try await clock.sleep(for: timeout) } catch { return }
            await inTurnAlone { controller in
                guard let round = controller.session?.round, round.id == id, round.state.phase == phase else { return }
                try await controller.happened(.timedOut, inRound: id)
            }
        }
    }

    /// Applies an event to a round and performs its effects.
    func happened(_ event: RoundState.Event, inRound id: String) async throws {
        guard let session, let round = session.round, round.id == id else { return }
        do {
            for effect in round.state.handle(event) { try await perform(effect, round, session) }
        } catch {
            await giveUp(because: error)
            throw error
        }
    }

    private func perform(
        _ effect: RoundState.Effect,
        _ round: RunningRound,
        _ session: RunningSession
    ) async throws {
        switch effect {
        case .instruct: try await instruct(round, session)
        case .accept, .hold, .drop:
            // The function that received the update performs it.
            break
        case .withdraw(let clients, let status):
            for (correlationID, place) in tasks {
                guard case .round(round.id, let client) = place, clients.contains(client) else { continue }
                try await withdraw(correlationID, from: client, as: status)
            }
        case .aggregate: try await average(round, session)
        case .commit: try await commit(round, session)
        case .finish: try await end(round, session)
        case .fail(let failure): try await end(round, session, failed: failure)
        case .terminate: try await terminate(round, session)
        }
    }

    /// Stores one task for each client, then assigns them.
    private func instruct(_ round: RunningRound, _ session: RunningSession) async throws {
        let ids = round.participants.map { JSON.string($0.id) }
        try await records.rounds.update(round.id, ["round_config": ["selected_clients": .array(ids)]])
        let assignments = round.participants.map { client in
            Assignment(
                clientID: client.id,
                type: .modelUpdate,
                correlationID: UniqueID.random(),
                modelID: session.modelID,
                sessionID: session.id,
                roundID: round.id,
                data: #"{"client_settings":{}}"#
            )
        }
        try await records.insertTasks(assignments, of: session.rootID, timeout: session.timeout, at: clock.now())
        let text = "Round \(round.id), \(round.number) of \(session.roundCount), began with \(ids.count) clients"
        try await note(session, text)
        round.instructedAt = clock.now()
        for assignment in assignments {
            tasks[assignment.correlationID] = .round(id: round.id, clientID: assignment.clientID)
            await participants.assign(assignment)
        }
        arm(round, session)
        enter(.monitor)
    }
}

extension Records {
    /// Stores the tasks of a root command as assigned.
    func insertTasks(
        _ assignments: [Assignment],
        of rootID: String,
        timeout: Duration?,
        at moment: Timestamp
    ) async throws {
        for assignment in assignments {
            try await commands.insert([
                "correlation_id": .string(assignment.correlationID),
                "parent_correlation_id": .string(rootID),
                "command_type": .string(assignment.type.name),
                "status": .string(CommandStatus.pending.rawValue),
                "client_id": .string(assignment.clientID),
                "session_id": JSON(assignment.sessionID),
                "round_id": JSON(assignment.roundID),
                "model_id": JSON(assignment.modelID),
                "timeout": timeout.map { JSON($0.inSeconds) } ?? .null,
                "started_at": JSON(moment),
            ])
        }
    }
}
