internal import Blobs
internal import Catalog
internal import Control
internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Store

/// The routes of `models` besides the generic ones: creation, deletion, ancestors and descendants, download.
struct ModelRoutes: Sendable {
    let models: Models
    let blobs: BlobStore
    let controller: Controller
    let options: ServerOptions

    /// The fields of a new model.
    private static let members: [Schema.Member] = [
        .required("file_token", .string, "From file-upload/{id}/complete; or send the file itself"),
        .optional("helper", .oneOf(ActiveHelper.names), "Default: the active helper"),
        .optional("model_id"), .optional("name"), .optional("parent_model"), .optional("session_id"),
        .optional("file_name"),
    ]
    /// The answer to a new model.
    private static let answerMembers: [Schema.Member] = [
        .required("success", .bool), .required("message"), .required("model_id"), .required("model"),
        .required("contents", .map(.any), "What the file shows: format, arrays, whether it can be averaged"),
        .optional("warning", .string, "Why the model cannot be averaged"),
    ]
    /// The default of `X-Limit` for ancestors and descendants, as in FEDn.
    private static let trailCountDefault = 10

    init(_ network: FederatedNetwork, controller: Controller, options: ServerOptions) {
        models = network.models
        blobs = network.blobs
        self.controller = controller
        self.options = options
    }

    func add(to table: inout RouteTable) {
        let trail: [Endpoint.Parameter] = [
            .header("X-Limit", .string, "Maximum number of models; default: 10"),
            .header("X-Reverse", .string, "true reverses the order"),
            .query("include_self", .string, "true adds the model itself, which X-Limit does not count"),
        ]
        table.add(
            .post("models"),
            "Creates a model from an uploaded file, or from the file in a multipart form.",
            body: .fieldsOrFile(Self.members),
            answers: .ok(Self.answerMembers),
            .refused(400, "A field is missing or invalid, or the file is empty, or called .npz without being one"),
            .refused(404, "Unknown file_token"),
            .refused(409, "The id exists already, or another request is using the token"),
            .refused(413, "The body exceeds the size limit"),
            use: create
        )
        table.add(
            .delete("models/{id}"),
            "Deletes one model and its file.",
            answers: .ok(.message),
            .refused(409, "A session or a command needs the model"),
            use: delete
        )
        table.add(
            .get("models/{id}/ancestors"),
            "Lists the ancestors of a model, nearest first.",
            parameters: trail,
            answers: .ok(.array(.document(.models))),
            use: ancestors
        )
        table.add(
            .get("models/{id}/descendants"),
            "Lists the descendants of a model, nearest first.",
            parameters: trail,
            answers: .ok(.array(.document(.models))),
            use: descendants
        )
        table.add(
            .get("models/leaf-nodes"),
            "Lists the models without descendants, newest first.",
            parameters: [.header("X-Limit", .string, "Number of newest models to examine; default: all")],
            answers: .ok(.array(.document(.models))),
            use: leaves
        )
        table.add(
            .get("models/{id}/download"),
            "Returns the uploaded file, or one range of it.",
            .participants,
            parameters: .download,
            answers: .ok(.bytes),
            .partialContent,
            .notModified,
            .rangeNotSatisfiable,
            use: download
        )
    }

    /// Stores a model from the token of an upload (JSON or form), or from a `file` in a multipart body.
    ///
    /// Answers when blob and document are on stable storage.
    @Sendable func create(_ request: Request, context: LedgeContext) async throws -> Response {
        try await request.publishing(Self.members, into: blobs, byteCountMax: options.bodyByteCountMax) { fields in
            try context.ids.check(fields, of: .models)
            let model = try await models.publish(fields)
            let contents = model["contents"] ?? .null
            var answer: JSONObject = [
                "success": true, "message": "Model added successfully", "model_id": model["model_id"] ?? .null,
                "model": model["model"] ?? .null, "contents": contents,
            ]
            if let reason = contents["reason"]?.string { answer["warning"] = .string(reason) }
            return Response(.object(answer))
        }
    }

    @Sendable func delete(_ request: Request, context: LedgeContext) async throws -> Response {
        try await controller.deleteModel(context.parameter("id"))
        return Response(["message": "Model deleted"])
    }

    @Sendable func ancestors(_ request: Request, context: LedgeContext) async throws -> Response {
        let ids = try await models.ancestors(of: context.parameter("id"), limit: Self.trailCountMax(request))
        return try await trail(request, context, ids)
    }

    @Sendable func descendants(_ request: Request, context: LedgeContext) async throws -> Response {
        let ids = try await models.descendants(of: context.parameter("id"), limit: Self.trailCountMax(request))
        return try await trail(request, context, ids)
    }

    private static func trailCountMax(_ request: Request) -> Int {
        request.headers.positiveNumber(.limit) ?? trailCountDefault
    }

    /// Answers an array of a model's ancestors or descendants, with or without itself.
    private func trail(_ request: Request, _ context: LedgeContext, _ found: [String]) async throws -> Response {
        var trail = found[...]
        if request.query["include_self"]?.lowercased() != "true" { trail = trail.dropFirst() }
        if request.headers[.reverse]?.lowercased() == "true" { trail = ArraySlice(trail.reversed()) }
        return try await array(of: trail, context)
    }

    @Sendable func leaves(_ request: Request, context: LedgeContext) async throws -> Response {
        try await array(of: models.leaves(amongNewest: request.headers.positiveNumber(.limit))[...], context)
    }

    private func array(of ids: ArraySlice<String>, _ context: LedgeContext) async throws -> Response {
        try await DocumentArray(
            ids: ids,
            collection: models.collection,
            channel: context.channel,
            logger: context.logger
        ).response()
    }

    @Sendable func download(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        let model = try models.document(id).object
        return try BlobDownload(
            reader: await blobs.open(model["blob_id"]?.string ?? ""),
            fileName: model["file_name"]?.string ?? id,
            channel: context.channel,
            logger: context.logger
        ).response(to: request)
    }
}
