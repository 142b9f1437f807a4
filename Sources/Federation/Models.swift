internal import Catalog
internal import Index
package import JSON
package import Store

/// The models: each a document with one blob, a file of any format.
package struct Models: Sendable {
    private let documents: ResourceCollection
    private let helper: ActiveHelper
    private let publication: Publication

    init(store: Store, helper: ActiveHelper, publication: Publication) {
        documents = ResourceCollection(.models, of: store)
        self.helper = helper
        self.publication = publication
    }

    package var collection: DocumentCollection { documents.collection }

    /// Publishes an uploaded model and returns its document, whose `contents` say whether it can be averaged.
    ///
    /// The fields are `file_token` and those of the model's document.
    ///
    /// - Throws: the errors of ``Publication`` and of `BlobReader.modelContents`.
    package func publish(_ fields: JSONObject) async throws -> JSONObject {
        let helper = try self.helper.name(in: fields)
        let id = try fields.text("model_id") ?? UniqueID.random()
        var model = fields
        model["helper"] = .string(helper)
        model["model_id"] = .string(id)
        model["model"] = .string(id)
        let name = try fields.text("file_name")
        return try await publication.publish(model, in: documents) { reader in
            ["contents": try await reader.modelContents(named: name, helper: helper, blobs: publication.blobs)]
        }
    }

    /// Deletes a model and its file; models that descend from it keep its id.
    ///
    /// The caller makes sure that no session and no command needs it.
    ///
    /// - Throws: `StoreError.notFound`, `UploadError.busy`, and errors of storage.
    package func delete(_ id: String) async throws {
        try await publication.remove(id, from: documents)
    }

    /// Returns a model as it is stored.
    ///
    /// - Throws: `StoreError.notFound`, and errors of reading.
    package func document(_ id: String) throws(StoreError) -> Document {
        try documents.document(id)
    }

    /// Returns the ids of a model and of at most `limit` models it descends from, the nearest first.
    package func ancestors(of id: String, limit: Int) async throws -> [String] {
        try await relatives(of: id, limit: limit) { id, _ in
            guard let parent = try documents.get(id)?["parent_model"]?.string else { return [] }
            return try documents.get(parent) == nil ? [] : [parent]
        }
    }

    /// Returns the ids of a model and of at most `limit` models that descend from it, generation by generation.
    package func descendants(of id: String, limit: Int) async throws -> [String] {
        try await relatives(of: id, limit: limit) { id, countMax in
            try children(of: id, limit: countMax)
        }
    }

    private func children(of id: String, limit: Int) throws -> [String] {
        let filter = Filter([Condition("parent_model", .exactly(id))])
        var ids: [String] = []
        try documents.collection.forEach(Query(filter: filter, ascending: true, limit: limit)) { ids.append($0.id) }
        return ids
    }

    /// Returns the ids of those of the newest models from which none descends, the newest first.
    package func leaves(amongNewest limit: Int?) async throws -> [String] {
        try await onThreadPool {
            var ids: [String] = []
            try documents.collection.forEach(Query(limit: limit)) { model in
                let childCount = try documents.count([Condition("parent_model", .exactly(model.id))])
                if childCount == 0 { ids.append(model.id) }
            }
            return ids
        }
    }

    /// Returns a model and its relatives; stops at a model that was deleted, or that was listed before.
    ///
    /// `next` gets the number of models that are enough: the limit, and those that may have been listed.
    private func relatives(
        of id: String,
        limit: Int,
        next: @escaping @Sendable (_ id: String, _ countMax: Int) throws -> [String]
    ) async throws -> [String] {
        try await onThreadPool {
            var found = [try documents.document(id).id]
            var seen: Set<String> = [id]
            var position = 0
            while position < found.count, found.count <= limit {
                let countMax = min(limit, .max - found.count) + found.count
                found += try next(found[position], countMax).filter { seen.insert($0).inserted }
                position += 1
            }
            return Array(found.prefix(limit)) + found.dropFirst(limit).prefix(1)
        }
    }
}
