internal import Catalog
internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import Index
internal import JSON
internal import NIOCore
internal import Store

/// The generic routes of a resource, for the operations it declares.
struct ResourceRoutes: Sendable {
    let resource: Resource
    let documents: ResourceCollection
    let options: ServerOptions

    init(_ resource: Resource, store: Store, options: ServerOptions) {
        self.resource = resource
        documents = ResourceCollection(resource, of: store)
        self.options = options
    }

    func add(to table: inout RouteTable) {
        addQueries(to: &table)
        addSingle(to: &table)
        addIntake(to: &table)
    }

    private func addQueries(to table: inout RouteTable) {
        let name = resource.name
        if resource.operations.contains(.list) {
            table.add(
                .get(name),
                "Lists \(name), newest first.",
                parameters: filters + .page + [.explain],
                answers: .ok(.page(resource)),
                use: list
            )
            table.add(
                .post("\(name)/list"),
                "Lists \(name) that match conditions in the body; a comma or a list separates alternatives.",
                parameters: .page + [.explain],
                body: .json(.filter(resource)),
                answers: .ok(.page(resource)),
                use: listByBody
            )
        }
        if resource.operations.contains(.count) {
            table.add(
                .get("\(name)/count"),
                "Counts \(name).",
                parameters: filters + [.explain],
                answers: .ok(.counted),
                use: count
            )
            table.add(
                .post("\(name)/count"),
                "Counts \(name) that match conditions in the body.",
                parameters: [.explain],
                body: .json(.filter(resource)),
                answers: .ok(.counted),
                use: countByBody
            )
        }
    }

    private func addSingle(to table: inout RouteTable) {
        let (path, one) = ("\(resource.name)/{id}", resource.singular)
        if resource.operations.contains(.get) {
            table.add(.get(path), "Returns one \(one).", answers: .ok(.document(resource)), use: get)
        }
        if resource.operations.contains(.change) {
            table.add(
                .patch(path),
                "Changes the given fields of one \(one).",
                body: .json(.change(resource)),
                answers: .ok(.document(resource)),
                use: change
            )
        }
        if resource.operations.contains(.delete) {
            table.add(.delete(path), "Deletes one \(one).", answers: .ok(.message), use: delete)
        }
    }

    /// The endpoint that stores documents: one, many, or either by the `Content-Type`.
    private func addIntake(to table: inout RouteTable) {
        let (name, one) = (resource.name, resource.singular)
        let taken = Endpoint.Answer.refused(409, "The id exists already")
        let unknownSender = "A field is missing, unknown or invalid, or the sender's id is unknown"
        let invalid = resource.insistsOnSenders ? Endpoint.Answer.refused(400, unknownSender) : nil
        switch (resource.operations.contains(.create), resource.operations.contains(.ingest)) {
        case (true, true):
            table.add(
                .post(name),
                "Stores one \(one), or many as JSON lines.",
                .participants,
                body: .jsonOrLines(resource),
                answers: .ok(.receipt, "For JSON lines: the accepted documents are on stable storage"),
                .created(.document(resource)),
                taken,
                invalid,
                use: create
            )
        case (true, false):
            table.add(
                .post(name),
                "Stores one \(one).",
                .participants,
                body: .json(.draft(resource)),
                answers: .created(.document(resource)),
                taken,
                invalid,
                use: create
            )
        case (false, true):
            table.add(
                .post(name),
                "Stores many \(name), as JSON lines.",
                .participants,
                body: .lines(resource),
                answers: .ok(.receipt, "The accepted documents are on stable storage"),
                .refused(405, "The Content-Type is not \(LineFormat.standard)"),
                use: ingest
            )
        case (false, false): break
        }
    }

    /// The conditions on indexed fields; all other fields, nested paths and operators are accepted as well.
    private var filters: [Endpoint.Parameter] {
        // Times have notations that no type of a parameter describes; the body of a POST describes them.
        resource.schema.indexes.filter { !resource.isTime($0.text) }.map { .query($0.text) }
    }

    @Sendable func list(_ request: Request, context: LedgeContext) async throws -> Response {
        try await list(request, context, try resource.filter(in: request))
    }

    @Sendable func listByBody(_ request: Request, context: LedgeContext) async throws -> Response {
        try await list(request, context, bodyFilter(request))
    }

    @Sendable func count(_ request: Request, context: LedgeContext) async throws -> Response {
        try await count(request, try resource.filter(in: request))
    }

    @Sendable func countByBody(_ request: Request, context: LedgeContext) async throws -> Response {
        try await count(request, bodyFilter(request))
    }

    /// Answers one document with one read of cached pages, which needs no thread pool.
    @Sendable func get(_ request: Request, context: LedgeContext) async throws -> Response {
        Response(try documents.document(context.parameter("id")))
    }

    /// Stores one document, or many if the body is JSON lines and the resource takes them.
    @Sendable func create(_ request: Request, context: LedgeContext) async throws -> Response {
        if request.hasLines, resource.operations.contains(.ingest) {
            return try await ingest(request, context: context)
        }
        let object = try await request.object(for: resource, byteCountMax: options.bodyByteCountMax)
        try context.ids.check(object, of: resource)
        return Response(status: .created, try await documents.create(object))
    }

    @Sendable func ingest(_ request: Request, context: LedgeContext) async throws -> Response {
        guard request.hasLines else { throw RequestError.linesOnly(allowed: ["GET", "HEAD", "POST"]) }
        let receipt = try await LineIngest.run(
            request,
            into: documents,
            checking: context.ids,
            lineByteCountMax: options.bodyByteCountMax
        ) { [delay = options.lineDelay] in try await Task.sleep(for: delay) }
        return Response(receipt.json)
    }

    @Sendable func change(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.object(for: resource, byteCountMax: options.bodyByteCountMax)
        return Response(try await documents.change(context.parameter("id"), fields))
    }

    @Sendable func delete(_ request: Request, context: LedgeContext) async throws -> Response {
        try await documents.collection.delete(context.parameter("id"))
        return Response(["message": .string("\(resource.singular.capitalized) deleted")])
    }

    private func list(_ request: Request, _ context: LedgeContext, _ requested: RequestedFilter) async throws
        -> Response
    {
        let (query, warnings) = requested.query(headers: request.headers, of: resource)
        return try await documents.collection.answer(query, warnings: warnings, to: request, context)
    }

    private func count(_ request: Request, _ requested: RequestedFilter) async throws -> Response {
        try await documents.collection.answerCount(
            of: requested.filter,
            warnings: requested.warnings.texts,
            isExplained: request.asksForPlan
        )
    }

    private func bodyFilter(_ request: Request) async throws -> RequestedFilter {
        switch try await request.smallBody(byteCountMax: options.bodyByteCountMax) {
        case .empty: RequestedFilter()
        case .form(let fields): try resource.requestedFilter(form: fields.elements).bounded
        case .json(let body): try resource.requestedFilter(body: body).bounded
        }
    }
}

extension Resource {
    /// Returns the filter in a request's URL, without the parameters that are not conditions.
    func filter(in request: Request, except names: Set<String> = []) throws -> RequestedFilter {
        try requestedFilter(
            query: request.query.elements.filter {
                !names.contains($0.name) && $0.name != Endpoint.Parameter.explain.name
            }
        ).bounded
    }
}

extension RequestedFilter {
    /// Limits the number of conditions, because each is evaluated for each document.
    private static let conditionCountMax = 64
    /// Limits the number of values, because each is looked up in each segment.
    private static let formCountMax = 10_000

    /// The filter; throws if it has too many conditions, or too many alternatives.
    fileprivate var bounded: RequestedFilter {
        get throws(RequestError) {
            guard filter.conditions.count <= Self.conditionCountMax else {
                throw .tooManyConditions(countMax: Self.conditionCountMax)
            }
            guard filter.conditions.reduce(0, { $0 + $1.forms.count }) <= Self.formCountMax else {
                throw .tooManyAlternatives(countMax: Self.formCountMax)
            }
            return self
        }
    }
}

extension String {
    fileprivate var capitalized: String {
        prefix(1).uppercased() + dropFirst()
    }
}
