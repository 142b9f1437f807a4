package import Blobs
package import Catalog
internal import Index
package import JSON
package import Store
internal import Weights

/// Stores models and packages of another system with their files; documents that exist are kept.
package struct ArtifactImport: Sendable {
    /// Stores the file of the object with this name as an upload; nil if there is none.
    package typealias FileStorage = @Sendable (_ objectName: String) async throws -> CompletedUpload?

    private let network: FederatedNetwork
    private let documents: ResourceCollection

    package init(of resource: Resource, into network: FederatedNetwork) {
        self.network = network
        documents = ResourceCollection(resource, of: network.store)
    }

    /// Returns the document with a value in each field that describes the file, so that it can be validated before.
    package static func withPlaceholders(_ object: JSONObject) -> JSONObject {
        var document = object
        for name in ["helper", "file_name", "checksum", "blob_id"] where document[name] ?? .null == .null {
            document[name] = ""
        }
        if document["file_size"] ?? .null == .null { document["file_size"] = 0 }
        return document
    }

    /// The name of a document's object in FEDn's bucket: a package has a name for it, a model's is its id.
    package static func objectName(of document: JSONObject) -> String {
        (document["storage_file_name"] ?? document["model_id"])?.string ?? ""
    }

    /// Stores one document with its file.
    ///
    /// Returns nil, or why it is refused: `StoreError.alreadyExists`, `StoreError.refused`.
    ///
    /// - Throws: errors of storage.
    package func store(
        _ document: JSONObject,
        keepingTimes: Bool,
        file: FileStorage
    ) async throws -> StoreError? {
        let id = document[documents.resource.key]?.string ?? ""
        if try documents.get(id) != nil {
            try await activate(id, document)
            return .alreadyExists(id)
        }
        let name = Self.objectName(of: document)
        guard let upload = try await file(name) else { return Self.missing(name) }
        let checksum = document["checksum"]?.string ?? ""
        guard checksum.isEmpty || checksum == upload.sha256 else {
            try await network.blobs.abort(upload.token)
            return .refused(reason: "file \(name) is not the one it had: its SHA-256 is \(upload.sha256)")
        }
        return try await publish(completed(document), upload.token, keepingTimes: keepingTimes)
    }

    /// The reason to refuse a document without a file.
    package static func missing(_ name: String) -> StoreError {
        .refused(reason: "its file \(name) is missing")
    }

    /// FEDn stores the active package a second time, with a mark; a package that an operator activated stays active.
    private func activate(_ id: String, _ document: JSONObject) async throws {
        guard document["active"] == true, try await network.packages.active() == nil else { return }
        try await network.packages.activate(id)
    }

    /// Returns the document with what FEDn does not store: the helper of a model and the name of its file.
    private func completed(_ document: JSONObject) async throws -> JSONObject {
        var document = document
        if try document.text("helper") == nil { document["helper"] = .string(try await helper(of: document)) }
        if try document.text("file_name") == nil {
            let suffix = ["numpyhelper": ".npz", "binaryhelper": ".bin"][document["helper"]?.string ?? ""] ?? ""
            document["file_name"] = .string(Self.objectName(of: document) + suffix)
        }
        if document["active"] == true, try await network.packages.active() != nil { document["active"] = false }
        return document
    }

    /// Returns the helper of the session that made a model or begins with it; otherwise the active one.
    private func helper(of model: JSONObject) async throws -> String {
        let id = try model.text("model_id") ?? ""
        let sessions = ResourceCollection(.sessions, of: network.store)
        let session = try await onThreadPool {
            if let made = try model.text("session_id").flatMap({ try sessions.get($0) }) { return made as JSONObject? }
            for path in ["seed_model_id", "session_config.model_id"] as [FieldPath] {
                if let begun = try sessions.list([Condition(path, .exactly(id))], limit: 1).first { return begun }
            }
            return nil
        }
        return try session?["session_config"]?["helper_type"]?.string ?? network.helper.name()
    }

    private func publish(
        _ document: JSONObject,
        _ token: String,
        keepingTimes: Bool
    ) async throws -> StoreError? {
        var contents = JSON.null
        return try await network.publication.claim(
            token,
            check: { contents = try await self.contents(of: $0, document) }
        ) { blob in
            var document = document
            if contents != .null { document["contents"] = contents }
            document["file_size"] = JSON(blob.byteCount)
            document["checksum"] = .string(blob.sha256)
            document["blob_id"] = .string(blob.blobID)
            let refusals = try await documents.collection.insert(contentsOf: [document], keepingTimes: keepingTimes)
            guard let refusal = refusals.first ?? nil else { return nil }
            try await network.blobs.remove(blob.blobID)
            return refusal
        }
    }

    /// Returns what the file of a model shows; null for a package, and for a file that would be refused as a new model:
    /// the network had it, so it is kept.
    private func contents(of file: BlobReader, _ document: JSONObject) async throws -> JSON {
        guard documents.resource.name == Resource.models.name else { return .null }
        do {
            return try await file.modelContents(
                named: document["file_name"]?.string,
                helper: document["helper"]?.string ?? "",
                blobs: network.blobs
            )
        } catch FederationError.unknownHelper {
            return .null
        } catch let error as WeightsError {
            if case .unreadable = error { throw error }
            return .null
        }
    }
}
