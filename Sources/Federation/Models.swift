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

    /// Returns a model as it is stored.
    ///
    /// - Throws: `StoreError.notFound`, and errors of reading.
    package func document(_ id: String) throws(StoreError) -> Document {
        try documents.document(id)
    }

    /// Returns a model and at most `limit` of those it descends from, the nearest first.
    package func ancestors(of id: String, limit: Int) async throws -> [Document] {
        try await relatives(of: id, limit: limit) { model in
            guard let parent = try model.object["parent_model"]?.string else { return [] }
            return try documents.collection.get(parent).map { [$0] } ?? []
        }
    }

    /// Returns a model and at most `limit` of those that descend from it, generation by generation.
    package func descendants(of id: String, limit: Int) async throws -> [Document] {
        try await relatives(of: id, limit: limit) { model in
            let children = Filter([Condition("parent_model", .exactly(model.id))])
            return try documents.collection.list(Query(filter: children, ascending: true)).documents
        }
    }

    /// Returns those of the newest models from which none descends, the newest first.
    package func leaves(amongNewest limit: Int?) async throws -> [Document] {
        try await onThreadPool {
            try documents.collection.list(Query(limit: limit)).documents.filter { model in
                try documents.count([Condition("parent_model", .exactly(model.id))]) == 0
            }
        }
    }

    /// Returns a model and its relatives; stops at a model that was deleted, or that was listed before.
    private func relatives(
        of id: String,
        limit: Int,
        next: @escaping @Sendable (Document) throws -> [Document]
    ) async throws -> [Document] {
        try await onThreadPool {
            var found = [try documents.document(id)]
            var seen: Set<String> = [id]
            var position = 0
            while position < found.count, found.count <= limit {
                found += try next(found[position]).filter { seen.insert($0.id).inserted }
                position += 1
            }
            return Array(found.prefix(limit)) + found.dropFirst(limit).prefix(1)
        }
    }
}
