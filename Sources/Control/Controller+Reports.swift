internal import Blobs
internal import Federation
internal import JSON
internal import Store

/// Reports of the participants.
extension Controller {
    /// Processes a report; when it returns, the report is stored.
    ///
    /// Reports arrive at least once: a repeated one changes nothing. Unexpected reports are ignored.
    ///
    /// - Throws: `.closed`, and errors of the store and the blobs: the report was not processed and must be sent again.
    package func receive(_ report: Report) async throws {
        switch report {
        case .modelUpdate(let report):
            try await inTurn { controller in try await controller.take(report) }
        case .activity(let report):
            try await inTurn { controller in try await controller.take(report) }
        case .validation(let report): try await records.take(report)
        case .status(let report): try await records.take(report)
        case .metrics(let report): try await records.take(report)
        case .attribute(let report): try await records.take(report)
        case .telemetry(let report): try await records.take(report)
        }
    }
}

/// Model updates.
extension Controller {
    private func take(_ report: ModelUpdateReport) async throws {
        let client = report.clientID
        guard let session, let round = session.round, case .round(let roundID, client)? = tasks[report.correlationID]
        else { return try await pass(report) }
        guard let exampleCount = report.exampleCount else {
            return try await lose(report, because: "it does not contain the number of training examples", roundID)
        }
        // A task of an earlier round is open only if the session accepts stragglers.
        let event: RoundState.Event =
            roundID == round.id
            ? .update(client: client, id: report.modelUpdateID) : .straggler(client: client, id: report.modelUpdateID)
        var probe = round.state
        let effect = probe.handle(event).first
        if case .drop? = effect { return try await pass(report) }
        guard let contribution = try await keep(report, exampleCount) else {
            return try await lose(report, because: "its bytes are missing", roundID)
        }
        if case .hold? = effect { session.held.append(contribution) } else { round.contributions.append(contribution) }
        try await happened(event, inRound: round.id)
    }

    /// Stores an update as a blob and its task as done; returns nil if its bytes are missing.
    private func keep(_ report: ModelUpdateReport, _ exampleCount: Double) async throws -> Contribution? {
        do {
            return try await publication.claim(report.fileToken) { blob in
                try await records.commands.update(
                    report.correlationID,
                    [
                        "status": .string(CommandStatus.completed.rawValue),
                        "completed_at": JSON(clock.now()),
                        "response": [
                            "model_update_id": .string(report.modelUpdateID),
                            "file_token": .string(blob.blobID),
                            "num_examples": JSON(exampleCount),
                        ],
                    ]
                )
                tasks[report.correlationID] = nil
                return Contribution(
                    clientID: report.clientID,
                    updateID: report.modelUpdateID,
                    blobID: blob.blobID,
                    exampleCount: exampleCount
                )
            }
        } catch UploadError.unknownToken {
            return nil
        }
    }

    /// Ends the task of an update that cannot be used.
    private func lose(
        _ report: ModelUpdateReport,
        because reason: String,
        _ roundID: String
    ) async throws {
        guard let session else { return }
        try await reject(report.clientID, because: reason, session)
        try await records.commands.update(
            report.correlationID,
            ["status": .string(CommandStatus.failed.rawValue), "completed_at": JSON(clock.now())]
        )
        tasks[report.correlationID] = nil
        await forget(upload: report.fileToken)
        try await happened(.lost(client: report.clientID), inRound: roundID)
    }

    /// Discards a duplicate or late update.
    ///
    /// Its bytes are removed only if its task names them as its own.
    private func pass(_ report: ModelUpdateReport) async throws {
        guard let task = try records.commands.get(report.correlationID) else { return }
        guard task["client_id"]?.string == report.clientID else { return }
        guard task["response"]?["model_update_id"]?.string != report.modelUpdateID else { return }
        await forget(upload: report.fileToken)
        let note = Note(
            text: "An update of client \(report.clientID) arrived too late and was discarded",
            type: "MODEL_UPDATE",
            level: "WARNING",
            correlationID: report.correlationID,
            sessionID: task["session_id"]?.string
        )
        try await records.note(note, at: clock.now())
    }
}

extension ModelUpdateReport {
    /// The update's weight; nil if it is missing or not a usable number.
    fileprivate var exampleCount: Double? {
        guard let count = meta["training_metadata"]?["num_examples"]?.double, count > 0 else { return nil }
        return count
    }
}

/// Activity.
extension Controller {
    private func take(_ report: ActivityReport) async throws {
        let client = report.clientID
        switch tasks[report.correlationID] {
        case .round(let roundID, client)?: try await take(report, ofRound: roundID)
        case .command(let rootID, client)?:
            guard let command = commands[rootID] else { return }
            command.responses[client] = report.response
            try await happened(.reported(client: client, report.status, isDone: report.isDone), in: command)
        case .round?, .command?: break
        case nil: try await remind(report)
        }
    }

    /// Processes a report of a round's task; the update of a completed one may arrive later.
    private func take(_ report: ActivityReport, ofRound roundID: String) async throws {
        let isLost = report.isDone && report.status != .completed
        let status = try records.commands.get(report.correlationID)?["status"]?.string
        let old = CommandStatus(wire: status ?? "")
        guard let new = old.after(isLost ? report.status : .running, isDone: isLost) else { return }
        var change: JSONObject = ["status": .string(new.rawValue), "response": report.response]
        if isLost { change["completed_at"] = JSON(clock.now()) }
        try await records.commands.update(report.correlationID, change)
        guard isLost else { return }
        tasks[report.correlationID] = nil
        try await happened(.lost(client: report.clientID), inRound: roundID)
    }

    /// Withdraws a task that has ended but that its client still works on, for example after a restart.
    private func remind(_ report: ActivityReport) async throws {
        guard !report.isDone, let task = try records.commands.get(report.correlationID) else { return }
        guard task["client_id"]?.string == report.clientID else { return }
        let status = CommandStatus(wire: task["status"]?.string ?? "")
        guard status == .interrupted || status == .timeout else { return }
        await participants.withdraw(report.correlationID, from: report.clientID, as: status)
    }
}
