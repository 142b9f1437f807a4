internal import Catalog
internal import Federation
internal import Index
internal import JSON
internal import Store

/// Deletion of models, which the sessions and commands that need one prevent.
extension Controller {
    /// Deletes a model and its file.
    ///
    /// Models that descend from it, and documents of sessions and rounds, keep its id.
    ///
    /// - Throws: `.modelInUse`, `.closed`; `StoreError.notFound`, and errors of storage.
    package func deleteModel(_ id: String) async throws {
        try await inTurn { controller in
            if let user = try controller.user(ofModel: id) { throw ControlError.modelInUse(id, by: user) }
            try await controller.models.delete(id)
        }
    }

    /// Deletes models that a retention does not keep, at most `countMax`, and returns their ids.
    package func deleteModels(beyond retention: ModelRetention, countMax: Int) async throws -> [String] {
        let old = try await onThreadPool { [records] in try records.models(beyond: retention, countMax: countMax) }
        var deleted: [String] = []
        for id in old {
            do { try await deleteModel(id) } catch ControlError.modelInUse { continue }
            deleted.append(id)
        }
        return deleted
    }

    /// Returns what needs a model: a session that runs or will be resumed, or a command that has not ended.
    private func user(ofModel id: String) throws -> String? {
        if let session, session.modelID == id { return "session \(session.id)" }
        for document in try records.sessions.list([Condition("status", .equal("Started"))]) {
            let sessionID = document["session_id"]?.string ?? ""
            let seedID = document["session_config"]?["model_id"]?.string
            if try id == seedID || id == records.newestModel(ofSession: sessionID) { return "session \(sessionID)" }
        }
        let open = try records.commands.list([Condition("model_id", .exactly(id)), Records.isOpenCommand], limit: 1)
        return open.first.map { command in
            let rootID = command["parent_correlation_id"]?.string ?? command["correlation_id"]?.string ?? ""
            return "command \(rootID) (\(command["command_type"]?.string ?? ""))"
        }
    }
}

/// Which models are kept.
package struct ModelRetention: Sendable, Hashable {
    /// The number of newest models of each session to keep.
    package var countMax: Int
    /// Whether a model is kept as long as another one descends from it.
    package var keepsAncestors: Bool

    package init(countMax: Int, keepsAncestors: Bool = false) {
        self.countMax = countMax
        self.keepsAncestors = keepsAncestors
    }
}

extension Records {
    /// Returns at most `countMax` models that a retention does not keep, the newest of each session first.
    ///
    /// Models of no session are kept, and so are those from which a session begins at its next start.
    fileprivate func models(beyond retention: ModelRetention, countMax: Int) throws -> [String] {
        var found: [String] = []
        /// How many children of a model are in `found`.
        var childCounts: [String: Int] = [:]
        try sessions.forEach(in: Query(ascending: true)) { session in
            let ofSession = Filter([Condition("session_id", .exactly(session.id))])
            try models.forEach(in: Query(filter: ofSession, skip: retention.countMax)) { model in
                let isStart = Condition("session_config.model_id", .exactly(model.id))
                guard try sessions.count([isStart]) == 0 else { return true }
                if retention.keepsAncestors {
                    let childCount = try models.count([Condition("parent_model", .exactly(model.id))])
                    guard childCount == childCounts[model.id, default: 0] else { return true }
                }
                found.append(model.id)
                if let parent = try model.object["parent_model"]?.string { childCounts[parent, default: 0] += 1 }
                return found.count < countMax
            }
            return found.count < countMax
        }
        return found
    }
}

extension ResourceCollection {
    /// Calls `body` with each document of a query, as long as it returns true; keeps one page in memory.
    fileprivate func forEach(in query: Query, _ body: (Document) throws -> Bool) throws {
        var page = query
        page.limit = 100
        while true {
            let documents = try collection.list(page).documents
            for document in documents where try !body(document) { return }
            guard documents.count == page.limit else { return }
            page.skip += documents.count
        }
    }
}
