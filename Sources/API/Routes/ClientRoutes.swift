internal import Catalog
internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Tokens

/// The routes of `clients` besides the generic ones: how an edge client finds and joins the network.
struct ClientRoutes: Sendable {
    let clients: Clients
    let packages: Packages
    let authority: TokenAuthority?
    let options: ServerOptions
    let audit: AuditLog

    init(_ network: FederatedNetwork, authority: TokenAuthority?, options: ServerOptions, audit: AuditLog) {
        clients = network.clients
        packages = network.packages
        self.authority = authority
        self.options = options
        self.audit = audit
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
        table.add(
            .post("clients/{id}/revoke"),
            "Revokes the tokens of a client, which stays registered and may enroll again.",
            answers: .ok(.message),
            .refused(400, "Authentication is off on this server"),
            use: revoke
        )
    }

    @Sendable func revoke(_ request: Request, context: LedgeContext) async throws -> Response {
        guard let authority else { throw RequestError.authenticationOff }
        let id = context.parameter("id")
        try await authority.revoke(subject: id)
        audit.revoked(subject: id, role: .client, by: context.identity, from: context.address)
        return Response(["message": "Client tokens revoked"])
    }

    @Sendable func delete(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        let wasRegistered = try await clients.delete(id, revokingTokensOf: authority)
        if authority != nil { audit.revoked(subject: id, role: .client, by: context.identity, from: context.address) }
        guard wasRegistered else {
            return Response(["message": "No client of this id is registered; all tokens of the id are revoked"])
        }
        return Response(["message": "Client deleted"])
    }

    /// Answers exactly 200 if the client may continue: it treats 201 as a failure.
    @Sendable func join(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        try context.ids.check(fields, of: .clients)
        let ip = context.address
        guard let joined = try await clients.join(JoiningClient(fields), ip: ip) else {
            return Response(
                status: .nonAuthoritativeInformation,
                [
                    "success": false, "status": "retry",
                    "message": "No compute package found. Set package in controller.",
                ]
            )
        }
        let (client, combiner) = (joined.client, joined.combiner)
        return Response([
            "status": "assigned",
            "client_id": .string(client.id),
            "name": .string(client.name),
            "combiner": .string(combiner.id),
            "combiner_id": .string(combiner.id),
            "public_hostname": .string(combiner.publicHost),
            "internal_hostname": .string(combiner.internalHost),
            "host": .string(combiner.publicHost),
            "port": JSON(combiner.port),
            "grpc_secure": .bool(combiner.isSecure),
            "helper_type": .string(joined.helper),
            "package": JSON(client.package),
        ])
    }

    /// Answers `discover_host` and `discover_port` from the address of this request.
    @Sendable func configuration(_ request: Request, context: LedgeContext) async throws -> Response {
        let host = request.head.authority.flatMap { Authority(parsing: $0) }
        let impliedPort = request.cameOverTLS ? 443 : 80
        var answer: JSONObject = [
            "network_id": .string(options.networkID),
            "discover_host": .string(host?.host ?? options.host),
            "discover_port": JSON(host.map { $0.port ?? impliedPort } ?? options.port),
        ]
        if request.query["checksum"]?.lowercased() == "true", let package = try await packages.active() {
            answer["checksum"] = try package.object["checksum"]
        }
        return Response(.object(answer))
    }

    @Sendable func currentAttributes(_ request: Request, context: LedgeContext) async throws -> Response {
        Response(.object(try await clients.attributes(of: context.parameter("id"))))
    }
}
