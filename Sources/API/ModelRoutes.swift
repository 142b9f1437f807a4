internal import Blobs
internal import Catalog
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import NIOConcurrencyHelpers
internal import Store

/// What `models` has beyond the generic routes: storing one, its ancestors, its bytes.
///
/// A model is a blob and a document that points to it. The blob comes first: a crash between the two leaves a blob
/// that nobody points to, never a document that points nowhere.
struct ModelRoutes: Sendable {
    let models: Collection
    let blobs: BlobStore
    let helper: ActiveHelper
    let options: ServerOptions
    /// The tokens that are becoming models: from its claim to its document a token belongs to one request.
    private let publishing = NIOLockedValueBox<Set<String>>([])

    /// What a client may say about a model it stores.
    private static let fieldNames = [
        "model_id", "name", "parent_model", "session_id", "helper", "file_name", "file_token",
    ]
    /// Ancestors that are listed when no `X-Limit` says otherwise, as in FEDn.
    private static let ancestorCountDefault = 10

    init(store: Store, blobs: BlobStore, options: ServerOptions) {
        models = store.collection(Resource.models.name)
        helper = ActiveHelper(store: store)
        self.blobs = blobs
        self.options = options
    }

    func add(to api: RouterGroup<LedgeContext>) {
        let group = api.group("models")
        group.post(use: create)
        group.get("{id}/ancestors", use: ancestors)
        group.get("{id}/download", use: download)
    }

    /// Stores a model from the token of an upload (JSON or form), or from a `file` in a multipart body.
    ///
    /// Answers when blob and document are on stable storage.
    @Sendable func create(_ request: Request, context: LedgeContext) async throws -> Response {
        var fields: JSONObject
        let type = HeaderParameters(parsing: request.headers[.contentType] ?? "")
        if type.value == "multipart/form-data" {
            let form = MultipartForm(boundary: type["boundary"] ?? "", fileField: "file", blobs: blobs)
            fields = try await form.read(request)
        } else {
            fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        }
        for (name, _) in fields where !Self.fieldNames.contains(name) { throw ValidationError.unknownField(name) }
        guard let token = try fields.text("file_token") else { throw RequestError.missingField("file_token") }
        fields["helper"] = .string(try fields.text("helper") ?? helper.name())
        guard ActiveHelper.names.contains(fields["helper"]?.string ?? "") else { throw RequestError.unknownHelper }
        let document = try await store(fields, token: token)
        return Response([
            "success": true, "message": "Model added successfully", "model_id": .string(document.id),
            "model": .string(document.id),
        ])
    }

    private func store(_ fields: JSONObject, token: String) async throws -> Document {
        let id = try fields.text("model_id") ?? UniqueID.random()
        if try models.get(id) != nil { throw StoreError.alreadyExists(id) }
        var model = fields
        model["file_token"] = nil
        model["model_id"] = .string(id)
        model["model"] = .string(id)
        // Checked with stand-ins first, so that a wrong field does not use up the token.
        _ = try document(model, fileName: "", byteCount: 0, checksum: "", blobID: token)
        guard publishing.withLockedValue({ $0.insert(token).inserted }) else { throw UploadError.busy }
        defer { publishing.withLockedValue { _ = $0.remove(token) } }
        let blob = try await claim(token)
        return try await models.insert(
            document(
                model,
                fileName: blob.fileName,
                byteCount: blob.byteCount,
                checksum: blob.sha256,
                blobID: blob.blobID
            )
        )
    }

    private func document(
        _ fields: JSONObject,
        fileName: String,
        byteCount: Int64,
        checksum: String,
        blobID: String
    ) throws -> JSONObject {
        var model = fields
        model["file_name"] = .string(try fields.text("file_name").map { try FileName($0).text } ?? fileName)
        model["file_size"] = JSON(byteCount)
        model["checksum"] = .string(checksum)
        model["blob_id"] = .string(blobID)
        return try Resource.models.validate(model)
    }

    /// Turns the upload into a blob.
    ///
    /// A token whose blob is there but whose document never came, after a crash or on a full disk, works once more.
    private func claim(_ token: String) async throws -> BlobDescription {
        do {
            return try await blobs.claim(token)
        } catch UploadError.unknownToken {
            let filter = Filter([Condition("blob_id", .equal(token))])
            guard try await onThreadPool({ [models] in try models.count(filter) }) == 0 else {
                throw UploadError.unknownToken
            }
            do { return try await blobs.open(token).description } catch BlobError.notFound {
                throw UploadError.unknownToken
            }
        }
    }

    /// Answers a bare array of the models this one descends from, the nearest first.
    ///
    /// `X-Reverse: true` turns it round; `include_self` adds the model itself, which `X-Limit` does not count.
    @Sendable func ancestors(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        let query = FormFields(parsing: (request.uri.query ?? "").utf8)
        let limit = request.headers.positiveNumber(.limit) ?? Self.ancestorCountDefault
        var trail = try await onThreadPool { [models] in try Self.trail(from: id, in: models, limit: limit) }
        if query["include_self"]?.lowercased() != "true" { trail.removeFirst() }
        if request.headers[.reverse]?.lowercased() == "true" { trail.reverse() }
        return Response(trail)
    }

    /// The model and up to `limit` of its ancestors; stops at a model that is gone, or that came before.
    private static func trail(from id: String, in models: Collection, limit: Int) throws -> [Document] {
        guard let first = try models.get(id) else { throw StoreError.notFound(id) }
        var trail = [first]
        var seen: Set<String> = [id]
        while trail.count <= limit, let last = trail.last {
            guard let parent = try JSON(parsing: last.bytes)[path: "parent_model"]?.string else { break }
            guard seen.insert(parent).inserted, let document = try models.get(parent) else { break }
            trail.append(document)
        }
        return trail
    }

    /// Answers the bytes that were uploaded, whole or one range of them.
    @Sendable func download(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        guard let model = try models.get(id) else { throw StoreError.notFound(id) }
        let document = try JSON(parsing: model.bytes)
        let reader = try await blobs.open(document[path: "blob_id"]?.string ?? "")
        return try BlobDownload(
            reader: reader,
            fileName: document[path: "file_name"]?.string ?? id,
            logger: context.logger
        ).response(to: request)
    }
}
