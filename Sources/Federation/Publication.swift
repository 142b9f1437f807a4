package import Blobs
internal import Catalog
internal import Index
internal import JSON
internal import NIOConcurrencyHelpers
internal import Store

/// Makes blobs of uploaded files, each with the document that owns it: a model, a package, the update of a task.
///
/// The blob comes first: a crash between the two leaves a blob that no document owns, never a document without its
/// blob, and the token can then be used again.
package struct Publication: Sendable {
    let blobs: BlobStore
    let store: Store
    /// The tokens that are being published, and the blobs that are being removed: each belongs to one task.
    private let inProgress = NIOLockedValueBox<Set<String>>([])

    init(store: Store, blobs: BlobStore) {
        self.store = store
        self.blobs = blobs
    }

    /// Claims the file of a token while `body` stores the document that owns it.
    ///
    /// A token whose blob exists but whose document is missing, after a crash or on a full disk, can be used again; not
    /// so if any document owns the blob.
    ///
    /// - Throws: `UploadError.busy` if another task has claimed the token, `UploadError.unknownToken`, errors of
    ///   `check`, after which the file is an upload as before, and errors of `body`.
    @discardableResult
    package func claim<Value: Sendable>(
        _ token: String,
        isolation: isolated (any Actor)? = #isolation,
        check: (BlobReader) async throws -> Void,
        _ body: (BlobDescription) async throws -> Value
    ) async throws -> Value {
        try await withClaim(on: token) {
            try await check(open(token))
            return try await body(try await blob(of: token))
        }
    }

    /// Claims the file of a token as ``claim(_:isolation:check:_:)`` does, without a check.
    @discardableResult
    package func claim<Value: Sendable>(
        _ token: String,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (BlobDescription) async throws -> Value
    ) async throws -> Value {
        try await withClaim(on: token) { try await body(try await blob(of: token)) }
    }

    /// Runs a task that alone publishes or removes a blob.
    ///
    /// - Throws: `UploadError.busy` if another task does, and errors of `body`.
    func withClaim<Value>(
        on blobID: String,
        isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard inProgress.withLockedValue({ $0.insert(blobID).inserted }) else { throw UploadError.busy }
        defer { inProgress.withLockedValue { _ = $0.remove(blobID) } }
        return try await body()
    }

    private func open(_ token: String) async throws -> BlobReader {
        do { return try await blobs.openUpload(token) } catch UploadError.unknownToken {
            return try await unownedBlob(token)
        }
    }

    private func blob(of token: String) async throws -> BlobDescription {
        do { return try await blobs.claim(token) } catch UploadError.unknownToken {
            return try await unownedBlob(token).description
        }
    }

    /// Opens a blob whose document is missing.
    private func unownedBlob(_ token: String) async throws -> BlobReader {
        do {
            let blob = try await blobs.open(token)
            guard try await onThreadPool({ try !isOwned(token) }) else { throw UploadError.unknownToken }
            return blob
        } catch UploadError.unknownBlob {
            throw UploadError.unknownToken
        }
    }

    /// Returns whether a document of any resource owns a blob.
    func isOwned(_ blobID: String) throws -> Bool {
        try Resource.all.contains { resource in
            guard let path = resource.blob?.path else { return false }
            return try store.collection(resource.name).count(Filter([Condition(path, .exactly(blobID))])) > 0
        }
    }

    /// Publishes the file that `file_token` names, with a document of the other fields and the file's properties, and
    /// returns the document.
    ///
    /// `examine` returns further fields, which it has found in the file. A file that it refuses stays an upload, which
    /// can be published with other fields until it expires.
    @discardableResult
    func publish(
        _ fields: JSONObject,
        in documents: ResourceCollection,
        examine: (BlobReader) async throws -> JSONObject = { _ in [:] }
    ) async throws -> JSONObject {
        let token = try fields.requiredText("file_token")
        let resource = documents.resource
        if let id = try fields.text(resource.key), try documents.get(id) != nil { throw StoreError.alreadyExists(id) }
        // Checked with placeholders first, so that a wrong field does not use up the token.
        var document = fields
        document["file_token"] = nil
        document["file_name"] = .string(try fields.text("file_name").map { try FileName($0).text } ?? "-")
        document["file_size"] = 0
        document["checksum"] = ""
        document["blob_id"] = .string(token)
        _ = try resource.validate(document)
        var found: JSONObject = [:]
        return try await claim(token, check: { found = try await examine($0) }) { blob in
            for (name, value) in found { document[name] = value }
            if try fields.text("file_name") == nil { document["file_name"] = .string(blob.fileName) }
            document["file_size"] = JSON(blob.byteCount)
            document["checksum"] = .string(blob.sha256)
            document["blob_id"] = .string(blob.blobID)
            try await documents.insert(document)
            return document
        }
    }

    /// Returns the file name of an upload.
    func fileName(of token: String) async throws -> String {
        do { return try await blobs.upload(token).status.fileName } catch UploadError.unknownUpload {
            throw UploadError.unknownToken
        }
    }
}
