internal import Blobs
internal import Federation
internal import Index
internal import JSON
internal import Store

/// Resuming after a restart.
extension Controller {
    /// Closes unfinished work and continues the session that was running; call it once, before any other function.
    ///
    /// An interrupted round becomes `Failed` and does not count, so it is repeated; one whose model was already named
    /// is finished with it. Open commands and tasks become `INTERRUPTED`. The session continues as soon as enough
    /// clients are online.
    ///
    /// Returns one sentence for each item it found, for the log.
    ///
    /// - Throws: errors of the store and the blobs; then no session is continued. It can be called again; otherwise
    ///   unfinished work is closed when the next session starts.
    package func resume() async throws -> [String] {
        try await inTurn { controller in
            guard controller.session == nil else { return [] }
            controller.hasRemains = true
            var notices: [String] = []
            let open = try await controller.closeTasks(&notices)
            try await controller.closeRounds(&notices)
            var resumed: RunningSession?
            for root in open {
                guard let session = try await controller.session(of: root, &notices) else { continue }
                // Only one session runs at a time; other open ones are remains of earlier failures.
                if resumed == nil {
                    resumed = session
                } else {
                    try await controller.abandon(session)
                    notices.append("session \(session.id) was closed: another one was started after it")
                }
            }
            if let resumed { try await controller.goOn(resumed, &notices) }
            controller.hasRemains = false
            return notices
        }
    }

    /// Closes the open documents of a session that this process abandoned.
    func closeRemains() async throws {
        var notices: [String] = []
        let open = try await closeTasks(&notices)
        try await closeRounds(&notices)
        for root in open {
            if let session = try await session(of: root, &notices) { try await abandon(session) }
        }
        notices.forEach(notice)
        hasRemains = false
    }

    /// Interrupts every open command that has no running owner, and returns the root commands of sessions, newest
    /// first.
    private func closeTasks(_ notices: inout [String]) async throws -> [JSONObject] {
        let open = try records.commands.list([Records.isOpenCommand])
        var sessions: [JSONObject] = []
        for command in open {
            let id = command["correlation_id"]?.string ?? ""
            guard commands[id] == nil, tasks[id] == nil else { continue }
            if command["command_type"]?.string == CommandType.startSession.name {
                sessions.append(command)
                continue
            }
            try await closeCommand(id, as: .interrupted)
            guard command["parent_correlation_id"]?.string == nil else { continue }
            notices.append("command \(id) (\(command["command_type"]?.string ?? "")) was interrupted")
        }
        return sessions
    }

    /// Ends every open round: finished if its model exists, otherwise failed.
    private func closeRounds(_ notices: inout [String]) async throws {
        let open = try records.rounds.list([
            Condition("status", .anyOf(["Pending", "Success"].map { Operand(text: $0) }))
        ])
        for round in open {
            let id = round["round_id"]?.string ?? ""
            if try await finish(round) {
                try await records.rounds.update(id, ["status": "Finished"])
                notices.append("round \(id) was finished: its model was already made")
            } else {
                let reason = JSON.string(RoundFailure.interrupted.text)
                try await records.rounds.update(
                    id,
                    ["status": "Failed", "round_data": ["reason": reason, "interrupted": true]]
                )
                notices.append("round \(id) was interrupted")
            }
            let config = SessionConfig(object: round["round_config"]?.object ?? [:])
            if config.deletesUpdates { try await removeUpdates(ofRound: id) }
        }
    }

    /// Completes the model that a round has named; returns whether it has one.
    private func finish(_ round: JSONObject) async throws -> Bool {
        guard let modelID = round["combiners"]?.array?.first?["model_id"]?.string else { return false }
        guard let sessionID = round["round_config"]?["session_id"]?.string else { return false }
        if try records.models.get(modelID) != nil { return true }
        let config = SessionConfig(object: round["round_config"]?.object ?? [:])
        let parent = try records.newestModel(ofSession: sessionID) ?? config.seedModelID
        let count = try records.models.count([Condition("session_id", .exactly(sessionID))])
        let root = try records.commands.list(
            [
                Condition("session_id", .exactly(sessionID)),
                Condition("command_type", .equal(CommandType.startSession.name)),
            ],
            limit: 1
        ).first
        let prefix = root?["parameters"]?["model_name_prefix"]?.string
        let helper = try records.models.get(parent)?["helper"]?.string ?? config.helper
        return try await publish(
            NewModel(
                id: modelID,
                parent: parent,
                sessionID: sessionID,
                name: prefix.map { "\($0)_\(count + 1)" },
                helper: helper
            )
        )
    }

    /// Deletes the updates its tasks have delivered; what a client says of another task is no update.
    private func removeUpdates(ofRound id: String) async throws {
        let delivered = Condition("status", .equal(CommandStatus.completed.rawValue))
        for task in try records.commands.list([Condition("round_id", .exactly(id)), delivered]) {
            guard let blobID = task["response"]?["file_token"]?.string else { continue }
            do { try await blobs.remove(blobID) } catch {}
        }
    }
}

/// Sessions that were running.
extension Controller {
    /// Returns the session of an open root command if it has begun and has not ended; otherwise closes its documents.
    private func session(of root: JSONObject, _ notices: inout [String]) async throws -> RunningSession? {
        let rootID = root["correlation_id"]?.string ?? ""
        let parameters = root["parameters"] ?? .null
        let id = parameters["session_id"]?.string ?? ""
        guard let runID = parameters["run_id"]?.string, let run = try records.runs.get(runID),
            let document = try records.sessions.get(id)
        else {
            try await closeCommand(rootID, as: .interrupted)
            notices.append("session \(id) had not begun")
            return nil
        }
        var config = SessionConfig(object: document["session_config"]?.object ?? [:])
        if let timeout = parameters["round_timeout"] { config.object["round_timeout"] = timeout }
        let session = RunningSession(
            id: id,
            config: config,
            rootID: rootID,
            runID: runID,
            start: SessionStart(
                sessionID: id,
                rounds: parameters["rounds"]?.int.map { Int($0) },
                modelNamePrefix: parameters["model_name_prefix"]?.string,
                clientIDs: parameters["client_ids"]?.array?.compactMap(\.string)
            ),
            firstRoundNumber: parameters["first_round"]?.int.map { Int($0) } ?? 1,
            modelID: try records.newestModel(ofSession: id) ?? config.seedModelID
        )
        if let status = run["status"]?.string, run["completed_at"]?.string != nil {
            try await close(sessionID: id, as: status, modelID: session.modelID)
            try await closeCommand(rootID, as: status == "Finished" ? .completed : .interrupted)
            notices.append("session \(id) is \(status), as was decided before the restart")
            return nil
        }
        if document["status"]?.string == "Terminated" {
            try await abandon(session)
            notices.append("session \(id) is Terminated, as was requested before the restart")
            return nil
        }
        guard try records.models.get(session.modelID) != nil else {
            try await abandon(session)
            notices.append("session \(id) was closed: its model \(session.modelID) does not exist")
            return nil
        }
        return session
    }

    /// Ends a session that is not continued.
    private func abandon(_ session: RunningSession) async throws {
        try await complete(session, as: "Terminated")
        try await close(sessionID: session.id, as: "Terminated", modelID: session.modelID)
        try await closeCommand(session.rootID, as: .interrupted)
    }

    /// Continues a session with its first unfinished round.
    private func goOn(_ session: RunningSession, _ notices: inout [String]) async throws {
        var done = 0
        try records.rounds.forEach([Condition("round_config.session_id", .exactly(session.id))]) { round in
            let number = round["round_id"]?.string.flatMap { Int($0) } ?? 0
            if number >= session.firstRoundNumber, round["round_data"]?["interrupted"]?.bool != true { done += 1 }
        }
        try await records.sessions.update(session.id, ["status": "Started"])
        let next = min(done + 1, session.roundCount)
        notices.append(
            done < session.roundCount
                ? "session \(session.id) continues with round \(next) of \(session.roundCount)"
                : "session \(session.id) has finished all of its \(session.roundCount) rounds"
        )
        self.session = session
        enter(.instruct)
        do {
            try await note(session, "Session continues after a restart: \(done) of \(session.roundCount) rounds done")
            try await perform(.start(rounds: session.roundCount, done: done), session)
        } catch {
            await giveUp(because: error)
            throw error
        }
    }
}
