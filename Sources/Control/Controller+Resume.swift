internal import Blobs
internal import Federation
internal import Index
internal import JSON
internal import Store

/// What was under way when the server ended.
extension Controller {
    /// Closes what was under way, and goes on with the session that was running; call it once, before all else.
    ///
    /// A round that was interrupted is `Failed` and does not count, so another one takes its place; one whose model was
    /// already named is finished with it. Commands and tasks that were out are `INTERRUPTED`. The session goes on as
    /// soon as enough clients are online.
    ///
    /// Returns one sentence for each thing it found, for the log.
    ///
    /// - Throws: `.store`, `.upload`, `.blob`; then nothing goes on. It may be called again; otherwise what is left is closed
    ///   when the next session starts.
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
                // There is one at a time; whatever else claims to run was left behind.
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

    /// Closes what a session of this process left behind when it was given up.
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

    /// Interrupts every open command that nobody works at, and returns the roots of sessions, the newest first.
    private func closeTasks(_ notices: inout [String]) async throws -> [JSONObject] {
        let statuses: [CommandStatus] = [.created, .pending, .running]
        let open = try records.commands.list([
            Condition("status", .anyOf(statuses.map { Operand(text: $0.rawValue) }))
        ])
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

    /// Ends every open round: one whose model is there is finished, the others have failed.
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

    /// Completes the model of a round that had named it; returns whether it has one.
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
    /// The session of an open root command, where it has begun and is not over; otherwise its documents are closed.
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
            notices.append("session \(id) is \(status), as had been decided")
            return nil
        }
        if document["status"]?.string == "Terminated" {
            try await abandon(session)
            notices.append("session \(id) is Terminated, as had been asked")
            return nil
        }
        return session
    }

    /// Ends a session that does not go on.
    private func abandon(_ session: RunningSession) async throws {
        try await complete(session, as: "Terminated")
        try await close(sessionID: session.id, as: "Terminated", modelID: session.modelID)
        try await closeCommand(session.rootID, as: .interrupted)
    }

    /// Goes on with the first round that is not done.
    private func goOn(_ session: RunningSession, _ notices: inout [String]) async throws {
        let rounds = try records.rounds.list([Condition("round_config.session_id", .exactly(session.id))])
        let done = rounds.count { round in
            let number = round["round_id"]?.string.flatMap { Int($0) } ?? 0
            return number >= session.firstRoundNumber && round["round_data"]?["interrupted"]?.bool != true
        }
        try await records.sessions.update(session.id, ["status": "Started"])
        let next = min(done + 1, session.roundCount)
        notices.append(
            done < session.roundCount
                ? "session \(session.id) goes on with round \(next) of \(session.roundCount)"
                : "session \(session.id) has made all of its \(session.roundCount) rounds"
        )
        self.session = session
        enter(.instruct)
        do {
            try await note(session, "Session goes on after a restart: \(done) of \(session.roundCount) rounds are done")
            try await perform(.start(rounds: session.roundCount, done: done), session)
        } catch {
            await giveUp(because: error)
            throw error
        }
    }
}
