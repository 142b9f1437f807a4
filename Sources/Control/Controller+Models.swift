internal import Blobs
internal import Federation
internal import Index
internal import JSON
internal import Store
internal import Weights

/// From the updates of a round to its model.
extension Controller {
    /// Averages the updates of a round, concurrently with other events.
    ///
    /// The updates are taken in the order of their clients' ids: sums of floats depend on the order, so the result does
    /// not depend on the order of arrival.
    func average(_ round: RunningRound, _ session: RunningSession) async throws {
        round.timer?.cancel()
        round.openedAt = clock.now()
        let model = try records.models.get(session.modelID)
        guard let parent = model?["blob_id"]?.string else {
            return try await happened(.notAggregated(.notAggregated("the round's model is missing")), inRound: round.id)
        }
        guard let aggregator = Aggregation.named(session.config.aggregator) else {
            let reason = "there is no aggregator '\(session.config.aggregator)'"
            return try await happened(.notAggregated(.notAggregated(reason)), inRound: round.id)
        }
        let averaging = Averaging(
            aggregator: aggregator,
            blobs: blobs,
            now: { [clock] in clock.now() },
            parentBlobID: parent,
            format: model?["helper"]?.string.flatMap { WeightsFormat(helper: $0) }
        )
        let contributions = round.contributions.sorted { ($0.clientID, $0.updateID) < ($1.clientID, $1.updateID) }
        self.averaging = Task { [id = round.id, previous = self.averaging] in
            await previous?.value
            let result = await averaging.run(contributions)
            await inTurnAlone { controller in
                try await controller.averaged(result, inRound: id)
            }
        }
    }

    private func averaged(_ result: Averaging.Result, inRound id: String) async throws {
        guard let session, let round = session.round, round.id == id, round.state.phase == .aggregating else {
            // The session was stopped in the meantime.
            if let mean = result.mean { await forget(upload: mean.id) }
            return
        }
        for rejection in result.rejections {
            try await reject(rejection.contribution.clientID, because: rejection.reason, session)
        }
        round.mean = result.mean
        let failure = RoundFailure.notAggregated(result.reason)
        try await happened(result.mean == nil ? .notAggregated(failure) : .aggregated, inRound: id)
    }

    /// Records in the network's log why an update does not count.
    func reject(_ clientID: String, because reason: String, _ session: RunningSession) async throws {
        let note = Note(
            text: "The update of client \(clientID) is left out of round \(session.round?.id ?? ""): \(reason)",
            type: "MODEL_UPDATE",
            level: "WARNING",
            correlationID: session.rootID,
            sessionID: session.id
        )
        try await records.note(note, at: clock.now())
    }

    /// Publishes the mean as a model: first its id is stored in the round, then the blob, then the document.
    func commit(_ round: RunningRound, _ session: RunningSession) async throws {
        guard let mean = round.mean else { preconditionFailure("a round is averaged before it is committed") }
        let started = clock.now()
        try await records.rounds.update(
            round.id,
            ["combiners": .array(combiners(round, mean, session))]
        )
        let model = NewModel(
            id: mean.id,
            parent: session.modelID,
            sessionID: session.id,
            name: try modelName(session),
            helper: mean.helper
        )
        guard try await publish(model) else {
            return try await end(round, session, failed: .notAggregated("the mean was deleted"))
        }
        session.modelID = model.id
        let times: JSONObject = [
            "time_commit": JSON(clock.now().duration(since: started).inSeconds),
            "reduce": [
                "time_aggregate_model": JSON(mean.averageDuration.inSeconds),
                "time_fetch_model": 0,
                "time_load_model": JSON(mean.loadDuration.inSeconds),
            ],
        ]
        try await records.rounds.update(round.id, ["status": "Success", "round_data": .object(times)])
        try await happened(.committed, inRound: round.id)
    }

    /// Returns the name of the session's next model; nil if the session has no name prefix.
    private func modelName(_ session: RunningSession) throws -> String? {
        guard let prefix = session.start.modelNamePrefix else { return nil }
        return "\(prefix)_\(try records.models.count([Condition("session_id", .exactly(session.id))]) + 1)"
    }

    /// Claims the upload of a model and stores its document; skips steps that were already done.
    ///
    /// Returns false if its bytes are missing.
    func publish(_ model: NewModel) async throws -> Bool {
        if try records.models.get(model.id) != nil { return true }
        do {
            var contents = JSON.null
            try await publication.claim(
                model.id,
                check: { contents = try await $0.modelContents(helper: model.helper, blobs: blobs) }
            ) { blob in
                try await records.models.insert(model.document(of: blob, contents))
            }
            return true
        } catch UploadError.unknownToken {
            return false
        }
    }

    /// One entry for each combiner whose clients took part.
    private func combiners(_ round: RunningRound, _ mean: Mean, _ session: RunningSession) -> [JSON] {
        let training = round.instructedAt.flatMap { start in round.openedAt?.duration(since: start) } ?? .zero
        let names = Set(round.participants.map(\.combiner)).sorted()
        let buffer = session.config.bufferSize
        return names.map { name in
            let clients = Set(round.participants.filter { $0.combiner == name }.map(\.id))
            let averaged = mean.contributions.filter { clients.contains($0.clientID) }
            return [
                "name": .string(name),
                "status": "Success",
                "round_id": .string(round.id),
                "model_id": .string(mean.id),
                "time_exec_training": JSON(training.inSeconds),
                "config": .object(session.config.object),
                "data": [
                    "aggregation_time": [
                        "nr_aggregated_models": JSON(averaged.count),
                        "time_model_aggregation": JSON(mean.averageDuration.inSeconds),
                        "time_model_load": JSON(mean.loadDuration.inSeconds),
                    ],
                    "nr_expected_updates": JSON(clients.count),
                    "nr_required_updates": JSON(buffer < 1 ? clients.count : min(buffer, clients.count)),
                    "time_combination": JSON(mean.averageDuration.inSeconds),
                    "timeout": JSON(session.config.roundTimeout),
                ],
            ]
        }
    }
}

/// Ending rounds.
extension Controller {
    func end(_ round: RunningRound, _ session: RunningSession) async throws {
        try await records.rounds.update(round.id, ["status": "Finished"])
        let count = round.mean?.contributions.count ?? 0
        try await note(session, "Round \(round.id) finished: model \(session.modelID) is the mean of \(count) updates")
        if session.config.validates { try await validate(session) }
        try await leave(round, session)
    }

    func end(
        _ round: RunningRound,
        _ session: RunningSession,
        failed failure: RoundFailure
    ) async throws {
        try await records.rounds.update(
            round.id,
            ["status": "Failed", "round_data": ["reason": .string(failure.text)]]
        )
        try await note(session, "Round \(round.id) failed: \(failure.text)", level: "WARNING")
        try await leave(round, session)
    }

    func terminate(_ round: RunningRound, _ session: RunningSession) async throws {
        try await records.rounds.update(round.id, ["status": "Terminated"])
        try await leave(round, session)
    }

    private func leave(_ round: RunningRound, _ session: RunningSession) async throws {
        round.timer?.cancel()
        session.round = nil
        if session.config.deletesUpdates { await remove(round.contributions) }
        try await perform(.roundEnded(counts: true), session)
    }

    /// Removes the blobs of updates; those that cannot be removed now stay.
    func remove(_ contributions: [Contribution]) async {
        for contribution in contributions {
            do { try await blobs.remove(contribution.blobID) } catch {}
        }
    }

    /// Removes an upload that is not needed any more; one that cannot be removed now expires.
    func forget(upload id: String) async {
        do { try await blobs.abort(id) } catch {}
    }
}

/// The fields of a new model's document.
struct NewModel: Sendable {
    let id: String
    let parent: String
    let sessionID: String
    let name: String?
    let helper: String

    func document(of blob: BlobDescription, _ contents: JSON) -> JSONObject {
        [
            "model_id": .string(id),
            "model": .string(id),
            "name": JSON(name),
            "parent_model": .string(parent),
            "session_id": .string(sessionID),
            "helper": .string(helper),
            "file_name": .string(blob.fileName),
            "file_size": .number(JSONNumber(blob.byteCount)),
            "checksum": .string(blob.sha256),
            "blob_id": .string(blob.blobID),
            "contents": contents,
        ]
    }
}
