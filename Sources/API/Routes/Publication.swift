internal import Blobs
internal import Catalog
internal import HTTPTypes
internal import HummingbirdCore
internal import JSON
internal import NIOConcurrencyHelpers
internal import Store

/// Makes an uploaded file and a document that points to it: a model, or a package.
///
/// The blob comes first: a crash between the two leaves a blob that nobody points to, never a document that points
/// nowhere, and the token then works once more.
struct Publication: Sendable {
    let store: Store
    let blobs: BlobStore
    let options: ServerOptions
    /// The tokens that are becoming documents: from its claim to its document a token belongs to one request.
    private let publishing = NIOLockedValueBox<Set<String>>([])

    /// Where documents name blobs: the last are the updates of rounds, which are removed when they are averaged.
    private static let references: [(collection: String, path: FieldPath)] = [
        (Resource.models.name, "blob_id"), (Resource.packages.name, "blob_id"),
        (Resource.commands.name, "response.file_token"),
    ]

    /// Reads the fields of a body: JSON, a form, or a multipart form whose part `file` becomes the `file_token`.
    ///
    /// - Throws: ``ValidationError/unknownField(_:)`` for a name that is not among `names`.
    func fields(of request: Request, names: [String]) async throws -> JSONObject {
        var fields: JSONObject
        let type = HeaderParameters(parsing: request.headers[.contentType] ?? "")
        if type.value == "multipart/form-data" {
            let form = MultipartForm(boundary: type["boundary"] ?? "", fileField: "file", blobs: blobs)
            fields = try await form.read(request)
        } else {
            fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        }
        for (name, _) in fields where !names.contains(name) { throw ValidationError.unknownField(name) }
        guard try fields.text("file_token") != nil else { throw RequestError.missingField("file_token") }
        return fields
    }

    /// Stores the file that `file_token` names, and then the document: the other fields, and what is known of the file.
    ///
    /// A file that `check` refuses cannot be what it is to become, and is removed.
    func publish(
        _ fields: JSONObject,
        of resource: Resource,
        in collection: Collection,
        check: (BlobReader) async throws -> Void = { _ in }
    ) async throws -> Document {
        guard let token = try fields.text("file_token") else { throw RequestError.missingField("file_token") }
        if let id = try fields.text(resource.key), try collection.get(id) != nil { throw StoreError.alreadyExists(id) }
        // Checked with stand-ins first, so that a wrong field does not use up the token.
        _ = try Self.document(fields, of: resource, fileName: "-", byteCount: 0, checksum: "", blobID: token)
        guard publishing.withLockedValue({ $0.insert(token).inserted }) else { throw UploadError.busy }
        defer { publishing.withLockedValue { _ = $0.remove(token) } }
        let blob = try await claim(token)
        do { try await check(blobs.open(blob.blobID)) } catch {
            try await blobs.remove(blob.blobID)
            throw error
        }
        return try await collection.insert(
            Self.document(
                fields,
                of: resource,
                fileName: blob.fileName,
                byteCount: blob.byteCount,
                checksum: blob.sha256,
                blobID: blob.blobID
            )
        )
    }

    private static func document(
        _ fields: JSONObject,
        of resource: Resource,
        fileName: String,
        byteCount: Int64,
        checksum: String,
        blobID: String
    ) throws -> JSONObject {
        var document = fields
        document["file_token"] = nil
        document["file_name"] = .string(try fields.text("file_name").map { try FileName($0).text } ?? fileName)
        document["file_size"] = JSON(byteCount)
        document["checksum"] = .string(checksum)
        document["blob_id"] = .string(blobID)
        return try resource.validate(document)
    }

    /// Turns the upload into a blob.
    ///
    /// A token whose blob is there but whose document never came, after a crash or on a full disk, works once more. A
    /// blob that any document names, of whatever kind, is nobody else's.
    private func claim(_ token: String) async throws -> BlobDescription {
        do {
            return try await blobs.claim(token)
        } catch UploadError.unknownToken {
            let stray: BlobDescription
            do { stray = try await blobs.open(token).description } catch BlobError.notFound {
                throw UploadError.unknownToken
            }
            let isTaken = try await onThreadPool { [store] in
                try Self.references.contains { collection, path in
                    try store.collection(collection).count(Filter([Condition(path, .exactly(token))])) > 0
                }
            }
            guard !isTaken else { throw UploadError.unknownToken }
            return stray
        }
    }
}
