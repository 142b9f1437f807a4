internal import Blobs
internal import Catalog
internal import Control
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import NIOPosix
internal import Store
internal import Weights

/// What `models` has beyond the generic routes: storing one, its family, its bytes.
struct ModelRoutes: Sendable {
    let models: Collection
    let blobs: BlobStore
    let helper: ActiveHelper
    let publication: Publication

    /// The fields of a new model.
    private static let members: [Schema.Member] = [
        .required("file_token", .string, "From file-upload/{id}/complete; or send the file itself"),
        .optional("helper", .oneOf(ActiveHelper.names), "Default: the active helper"),
        .optional("model_id"), .optional("name"), .optional("parent_model"), .optional("session_id"),
        .optional("file_name"),
    ]
    /// Models are checked on threads of their own: inflating a container may take seconds, and lists would wait.
    private static let checking: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()
    /// Relatives that are listed when no `X-Limit` says otherwise, as in FEDn.
    private static let trailCountDefault = 10

    init(store: Store, publication: Publication) {
        models = store.collection(Resource.models.name)
        helper = ActiveHelper(store: store)
        blobs = publication.blobs
        self.publication = publication
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
            answers: .ok([
                .required("success", .bool), .required("message"), .required("model_id"), .required("model"),
            ]),
            .refused(400, "A field is missing or invalid, or the helper cannot load the file"),
            .refused(404, "Unknown file_token"),
            .refused(409, "The id exists already, or another request is using the token"),
            .refused(413, "The body exceeds the size limit"),
            use: create
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
    /// Answers when blob and document are on stable storage. Bytes the helper could not load are refused.
    @Sendable func create(_ request: Request, context: LedgeContext) async throws -> Response {
        var fields = try await publication.fields(of: request, names: Self.members.map(\.name))
        let helper = try self.helper.name(in: fields)
        let id = try fields.text("model_id") ?? UniqueID.random()
        fields["helper"] = .string(helper)
        fields["model_id"] = .string(id)
        fields["model"] = .string(id)
        _ = try await publication.publish(fields, of: .models, in: models) { reader in
            guard let format = WeightsFormat(helper: helper) else { throw RequestError.unknownHelper }
            // What is packed in an archive may not be larger than what may be sent as it is.
            let limits = ModelLimits(byteCountMax: blobs.options.fileByteCountMax)
            // Reads the archive's directory and the arrays' headers, not the arrays.
            try await Self.checking.runIfActive {
                try ModelFile.check(BlobSource(reader), as: format, limits: limits)
            }
        }
        return Response([
            "success": true, "message": "Model added successfully", "model_id": .string(id), "model": .string(id),
        ])
    }

    @Sendable func ancestors(_ request: Request, context: LedgeContext) async throws -> Response {
        try await trail(request, from: context.parameter("id")) { model in
            guard let parent = try JSON(parsing: model.bytes)[path: "parent_model"]?.string else { return [] }
            return try models.get(parent).map { [$0] } ?? []
        }
    }

    @Sendable func descendants(_ request: Request, context: LedgeContext) async throws -> Response {
        try await trail(request, from: context.parameter("id")) { model in
            let children = Filter([Condition("parent_model", .exactly(model.id))])
            return try models.list(Query(filter: children, ascending: true)).documents
        }
    }

    /// Answers a bare array of a model's relatives, generation by generation.
    ///
    /// Stops at a model that is gone, or that came before.
    private func trail(
        _ request: Request,
        from id: String,
        next: @escaping @Sendable (Document) throws -> [Document]
    ) async throws -> Response {
        let limit = request.headers.positiveNumber(.limit) ?? Self.trailCountDefault
        var trail = try await onThreadPool { [models] in
            guard let first = try models.get(id) else { throw StoreError.notFound(id) }
            var trail = [first]
            var seen: Set<String> = [id]
            var position = 0
            while position < trail.count, trail.count <= limit {
                trail += try next(trail[position]).filter { seen.insert($0.id).inserted }
                position += 1
            }
            return Array(trail.prefix(limit)) + trail.dropFirst(limit).prefix(1)
        }
        if request.query["include_self"]?.lowercased() != "true" { trail.removeFirst() }
        if request.headers[.reverse]?.lowercased() == "true" { trail.reverse() }
        return Response(trail)
    }

    @Sendable func leaves(_ request: Request, context: LedgeContext) async throws -> Response {
        let leaves = try await onThreadPool { [models] in
            try models.list(Query(limit: request.headers.positiveNumber(.limit))).documents.filter { model in
                try models.count(Filter([Condition("parent_model", .exactly(model.id))])) == 0
            }
        }
        return Response(leaves)
    }

    @Sendable func download(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        guard let model = try models.get(id) else { throw StoreError.notFound(id) }
        let document = try JSON(parsing: model.bytes)
        return try BlobDownload(
            reader: await blobs.open(document[path: "blob_id"]?.string ?? ""),
            fileName: document[path: "file_name"]?.string ?? id,
            channel: context.channel,
            logger: context.logger
        ).response(to: request)
    }
}
