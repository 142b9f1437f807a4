internal import Catalog
internal import Hummingbird
internal import JSON
internal import NIOCore
internal import NIOPosix
internal import Store

/// The routes every resource has in common, for the operations it declares.
struct ResourceRoutes: Sendable {
    let resource: Resource
    let collection: Collection
    let senders: SenderNames
    let options: ServerOptions

    init(_ resource: Resource, store: Store, options: ServerOptions) {
        self.resource = resource
        self.collection = store.collection(resource.name)
        self.senders = SenderNames(store: store)
        self.options = options
    }

    func add(to api: RouterGroup<LedgeContext>) {
        let group = api.group(RouterPath(resource.name))
        if resource.operations.contains(.list) {
            group.get(use: list)
            group.post("list", use: listByBody)
        }
        if resource.operations.contains(.count) {
            group.get("count", use: count)
            group.post("count", use: countByBody)
        }
        if resource.operations.contains(.get) { group.get("{id}", use: get) }
        if resource.operations.contains(.create) { group.post(use: create) }
        if resource.operations.contains(.delete) { group.delete("{id}", use: delete) }
    }

    @Sendable func list(_ request: Request, context: LedgeContext) async throws -> Response {
        try await list(request, queryFilter(request))
    }

    @Sendable func listByBody(_ request: Request, context: LedgeContext) async throws -> Response {
        try await list(request, bodyFilter(request))
    }

    @Sendable func count(_ request: Request, context: LedgeContext) async throws -> Response {
        try await count(queryFilter(request))
    }

    @Sendable func countByBody(_ request: Request, context: LedgeContext) async throws -> Response {
        try await count(bodyFilter(request))
    }

    /// One read of cached pages, so it is not worth a hop to the thread pool.
    @Sendable func get(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        guard let document = try collection.get(id) else { throw StoreError.notFound(id) }
        return Response(document)
    }

    /// Answers when the document is on stable storage.
    @Sendable func create(_ request: Request, context: LedgeContext) async throws -> Response {
        let object = try await request.object(for: resource, byteCountMax: options.bodyByteCountMax)
        let document = try senders.fill(in: resource.validate(object), of: resource)
        return Response(status: .created, try await collection.insert(document))
    }

    @Sendable func delete(_ request: Request, context: LedgeContext) async throws -> Response {
        try await collection.delete(context.parameter("id"))
        return Response(["message": .string("\(resource.singular.capitalized) deleted")])
    }

    private func list(_ request: Request, _ filter: Filter) async throws -> Response {
        let query = Query(filter: filter, headers: request.headers, of: resource)
        return Response(try await onThreadPool { try collection.list(query) })
    }

    private func count(_ filter: Filter) async throws -> Response {
        let count = try await onThreadPool { try collection.count(filter) }
        return Response(json: ByteBuffer(string: String(count)))
    }

    private func queryFilter(_ request: Request) -> Filter {
        resource.filter(query: FormFields(parsing: (request.uri.query ?? "").utf8).elements)
    }

    private func bodyFilter(_ request: Request) async throws -> Filter {
        switch try await request.smallBody(byteCountMax: options.bodyByteCountMax) {
        case .empty: Filter()
        case .form(let fields): resource.filter(form: fields.elements)
        case .json(let body): resource.filter(body: body)
        }
    }
}

/// Runs a read that may take long, or wait for the disk, off Swift's cooperative threads.
func onThreadPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(work)
}

extension String {
    fileprivate var capitalized: String {
        prefix(1).uppercased() + dropFirst()
    }
}
