internal import Catalog
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Store
internal import Tokens

/// What `clients` has beyond the generic routes: how an edge client finds the network and joins it.
struct ClientRoutes: Sendable {
    let clients: Collection
    let combiners: Combiners
    let packages: Packages
    let helper: ActiveHelper
    let attributes: CurrentAttributes
    let authority: TokenAuthority?
    let options: ServerOptions

    init(store: Store, combiners: Combiners, packages: Packages, authority: TokenAuthority?, options: ServerOptions) {
        self.authority = authority
        clients = store.collection(Resource.clients.name)
        self.packages = packages
        helper = ActiveHelper(store: store)
        attributes = CurrentAttributes(store: store)
        self.combiners = combiners
        self.options = options
    }

    /// The fields that a client may send.
    private static let members: [Schema.Member] = [
        .required("name"),
        .optional("client_id", .string, "Default: generated"),
        .optional("combiner_preferred", .string, "Also accepted as preferred_combiner"),
        .optional("preferred_combiner"),
        .optional("package", .oneOf(["local", "remote"])),
        .optional("client_version"),
    ]
    /// The answer to it: the address of its combiner.
    private static let assignment: [Schema.Member] = [
        .required("status", .oneOf(["assigned"])), .required("client_id"), .required("name"), .required("combiner"),
        .required("combiner_id"), .required("public_hostname"), .required("internal_hostname"), .required("host"),
        .required("port", .integer), .required("grpc_secure", .bool), .required("helper_type"),
        .required("package", .nullable(.oneOf(["local", "remote"]))),
    ]

    func add(to table: inout RouteTable) {
        table.add(
            .post("clients/add"),
            "Registers a new or returning client and returns the combiner that it connects to.",
            .participants,
            body: .fields(Self.members),
            answers: .ok(Self.assignment, "The assigned combiner"),
            .refused(203, "There is no active package yet; retry"),
            .refused(400, "A field is missing or invalid, or no combiner, or not the preferred one, is available"),
            .refused(406, "The client's version is incompatible"),
            use: join
        )
        table.add(
            .get("clients/config"),
            "Returns the address of the network.",
            .participants,
            parameters: [.query("checksum", .string, "true adds the active package's SHA-256")],
            answers: .ok([
                .required("network_id"), .required("discover_host"), .required("discover_port", .integer),
                .optional("checksum"),
            ]),
            use: configuration
        )
        table.add(
            .get("clients/{id}/attributes"),
            "Returns the newest value of every attribute of a client, by key.",
            answers: .ok(.map(.string)),
            use: currentAttributes
        )
        table.add(
            .delete("clients/{id}"),
            "Deletes one client and revokes its tokens.",
            answers: .ok(.message),
            use: delete
        )
    }

    @Sendable func delete(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        // First, so that a crash between the two, or a client that never joined, leaves no token that works.
        try await authority?.revoke(subject: id)
        try await clients.delete(id)
        return Response(["message": "Client deleted"])
    }

    /// Answers 200 and nothing else when the client may go on: it takes 201 for a failure.
    @Sendable func join(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let joining = try JoiningClient(fields)
        if joining.package == "remote", try await onThreadPool({ [packages] in try packages.active() }) == nil {
            return Response(
                status: .nonAuthoritativeInformation,
                [
                    "success": false, "status": "retry",
                    "message": "No compute package found. Set package in controller.",
                ]
            )
        }
        let known = try clients.get(joining.id).map { try JSON(parsing: $0.bytes) }
        let combiner = try await combiner(for: joining, current: known?[path: "combiner"]?.string)
        let ip = context.channel.remoteAddress?.ipAddress
        _ = try await clients.put(
            Resource.clients.validate([
                "client_id": .string(joining.id),
                "name": .string(joining.name),
                "combiner": .string(combiner.id),
                "combiner_preferred": joining.preferredCombiner.map(JSON.string) ?? .null,
                "ip": ip.map(JSON.string) ?? .null,
                "status": "available",
                "last_seen": .string(Timestamp.now().description),
                "package": joining.package.map(JSON.string) ?? .null,
                "client_version": joining.version.map(JSON.string) ?? .null,
            ])
        )
        return Response([
            "status": "assigned",
            "client_id": .string(joining.id),
            "name": .string(joining.name),
            "combiner": .string(combiner.id),
            "combiner_id": .string(combiner.id),
            "public_hostname": .string(combiner.publicHost),
            "internal_hostname": .string(combiner.internalHost),
            "host": .string(combiner.publicHost),
            "port": JSON(combiner.port),
            "grpc_secure": .bool(combiner.isSecure),
            "helper_type": .string(try helper.name()),
            "package": joining.package.map(JSON.string) ?? .null,
        ])
    }

    /// The preferred combiner, or the least loaded.
    private func combiner(for client: JoiningClient, current: String?) async throws -> Combiner {
        try await onThreadPool { [combiners] in
            if let preferred = client.preferredCombiner {
                guard let combiner = try combiners.named(preferred) else {
                    throw RequestError.unknownCombiner(preferred)
                }
                return combiner
            }
            guard let combiner = try combiners.leastLoaded(for: client.id, current: current) else {
                throw RequestError.noCombiner
            }
            return combiner
        }
    }

    /// `discover_host` and `discover_port` are where this request came to.
    @Sendable func configuration(_ request: Request, context: LedgeContext) async throws -> Response {
        let host = request.head.authority.flatMap { Authority(parsing: $0) }
        var answer: JSONObject = [
            "network_id": .string(options.networkID),
            "discover_host": .string(host?.host ?? options.host),
            "discover_port": JSON(host.map { $0.port ?? 80 } ?? options.port),
        ]
        if request.query["checksum"]?.lowercased() == "true",
            let package = try await onThreadPool({ [packages] in try packages.active() })
        {
            answer["checksum"] = try JSON(parsing: package.bytes)[path: "checksum"]
        }
        return Response(.object(answer))
    }

    @Sendable func currentAttributes(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        guard try clients.get(id) != nil else { throw StoreError.notFound(id) }
        return Response(.object(try await onThreadPool { try attributes.values(of: id) }))
    }
}

/// What a client says when it joins.
private struct JoiningClient: Sendable {
    let id: String
    let name: String
    let preferredCombiner: String?
    let package: String?
    let version: String?

    /// The reference and the official client spell the preferred combiner differently.
    ///
    /// - Throws: ``RequestError/incompatibleVersion(_:)`` for a version other than 1.x; without one a client is taken.
    init(_ fields: JSONObject) throws(RequestError) {
        id = try fields.text("client_id") ?? UniqueID.random()
        guard let name = try fields.text("name") else { throw .missingField("name") }
        self.name = name
        let preferred = try fields.text("preferred_combiner")
        preferredCombiner = if let preferred { preferred } else { try fields.text("combiner_preferred") }
        package = try fields.text("package")
        if let package, package != "local", package != "remote" {
            throw .malformedField("package", expected: "'local' or 'remote'")
        }
        version = try fields.text("client_version")
        if let version, version.split(separator: ".").first != "1" { throw .incompatibleVersion(version) }
    }
}
