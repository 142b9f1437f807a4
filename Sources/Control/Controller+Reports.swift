internal import Blobs
internal import Federation
internal import JSON
internal import Store

/// What comes back from the participants.
extension Controller {
    /// Takes a report; when it returns, what it said is stored.
    ///
    /// Reports arrive at least once: one that was taken before changes nothing. What nobody asked for is passed over.
    ///
    /// - Throws: `.store`, `.upload`, `.blob`, `.closed`: it was not taken, and should come again.
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
            return try await lose(report, because: "it does not say on how many examples it was trained", roundID)
        }
        // A task of an earlier round is out only where the session accepts stragglers.
        let event: RoundState.Event =
            roundID == round.id
            ? .update(client: client, id: report.modelUpdateID) : .straggler(client: client, id: report.modelUpdateID)
        var probe = round.state
        let effect = probe.handle(event).first
        if case .drop? = effect { return try await pass(report) }
        guard let contribution = try await keep(report, exampleCount) else {
            return try await lose(report, because: "its bytes are not there", roundID)
        }
        if case .hold? = effect { session.held.append(contribution) } else { round.contributions.append(contribution) }
        try await happened(event, inRound: round.id)
    }

    /// Makes a blob of an update and writes down that its task is done; nil where its bytes are not there.
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

    /// An update that cannot count: nothing more is expected of its task.
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

    /// An update nobody waits for: the same one again, or one that comes too late.
    ///
    /// Its bytes are removed only where its task says that they are its own.
    private func pass(_ report: ModelUpdateReport) async throws {
        guard let task = try records.commands.get(report.correlationID) else { return }
        guard task["client_id"]?.string == report.clientID else { return }
        guard task["response"]?["model_update_id"]?.string != report.modelUpdateID else { return }
        await forget(upload: report.fileToken)
        let note = Note(
            text: "An update of client \(report.clientID) came when nobody waited for it",
            type: "MODEL_UPDATE",
            level: "WARNING",
            correlationID: report.correlationID,
            sessionID: task["session_id"]?.string
        )
        try await records.note(note, at: clock.now())
    }
}

extension ModelUpdateReport {
    /// How much the update counts; nil where it does not say, or nothing that can be weighed.
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

    /// A task of a round that has completed is waited for all the same: its update may come after its report.
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

    /// Tells a client that works at a task nobody waits for any longer, such as one from before a restart.
    private func remind(_ report: ActivityReport) async throws {
        guard !report.isDone, let task = try records.commands.get(report.correlationID) else { return }
        guard task["client_id"]?.string == report.clientID else { return }
        let status = CommandStatus(wire: task["status"]?.string ?? "")
        guard status == .interrupted || status == .timeout else { return }
        await participants.withdraw(report.correlationID, from: report.clientID, as: status)
    }
}
