internal import Blobs
internal import Catalog
internal import Index
package import JSON
internal import NIOPosix
package import Store
internal import Weights

/// The models: each a document with one blob, whose helper can load it.
package struct Models: Sendable {
    /// Models are checked on threads of their own: inflating a container may take seconds, and lists would wait.
    private static let checking: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()

    private let documents: ResourceCollection
    private let helper: ActiveHelper
    private let publication: Publication

    init(store: Store, helper: ActiveHelper, publication: Publication) {
        documents = ResourceCollection(.models, of: store)
        self.helper = helper
        self.publication = publication
    }

    package var collection: DocumentCollection { documents.collection }

    /// Publishes an uploaded model and returns its id; files that the helper cannot load are refused.
    ///
    /// The fields are `file_token` and those of the model's document.
    package func publish(_ fields: JSONObject) async throws -> String {
        let helper = try self.helper.name(in: fields)
        let id = try fields.text("model_id") ?? UniqueID.random()
        var model = fields
        model["helper"] = .string(helper)
        model["model_id"] = .string(id)
        model["model"] = .string(id)
        // The unpacked content of an archive has the same limit as an uploaded file.
        let limits = ModelLimits(byteCountMax: publication.blobs.options.fileByteCountMax)
        try await publication.publish(model, in: documents) { reader in
            guard let format = WeightsFormat(helper: helper) else { throw FederationError.unknownHelper }
            // Reads the archive's directory and the arrays' headers, not the arrays.
            try await Self.checking.runIfActive {
                try ModelFile.check(BlobSource(reader), as: format, limits: limits)
            }
        }
        return id
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
