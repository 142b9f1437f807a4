internal import Catalog
internal import Control
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Store

/// What `sessions` has beyond the generic routes: making one, changing it, starting it.
struct SessionRoutes: Sendable {
    let documents: Documents
    let controller: Controller
    let helper: ActiveHelper
    let options: ServerOptions

    init(store: Store, controller: Controller, options: ServerOptions) {
        documents = Documents(of: .sessions, store: store, options: options)
        helper = ActiveHelper(store: store)
        self.controller = controller
        self.options = options
    }

    func add(to table: inout RouteTable) {
        table.add(
            .post("sessions"),
            "Creates a session without starting it.",
            body: .json(.draft(.sessions)),
            answers: .created(.document(.sessions)),
            .refused(409, "The id exists already"),
            use: create
        )
        let started = "The session is started; only the controller changes its status"
        table.add(
            .patch("sessions/{id}"),
            "Changes the given fields of a session, also those within session_config.",
            body: .json(.change(.sessions)),
            answers: .ok(.document(.sessions)),
            .refused(400, started),
            use: change
        )
        table.add(
            .put("sessions/{id}"),
            "Replaces a session.",
            body: .json(.draft(.sessions)),
            answers: .ok(.document(.sessions)),
            .refused(400, started),
            use: replace
        )
        for path in ["sessions/start", "control/start_session"] {
            table.add(
                .post(path),
                "Starts a session, or continues a finished one.",
                body: .fields(Self.startMembers),
                answers: .ok(.message),
                .refused(400, "A session is running, too few clients are online, or the seed model is missing"),
                use: start
            )
        }
    }

    private static let startMembers: [Schema.Member] = [
        .required("session_id"),
        .optional("rounds", .integer, "Default: as in session_config"),
        .optional("round_timeout", .integer, "Seconds"),
        .optional("model_name_prefix"),
        .optional("client_ids", .string, "The clients that take part, separated by commas; default: all"),
    ]

    /// Longest `server_functions`, in bytes.
    private static let serverFunctionsByteCountMax = 256 << 10

    @Sendable func create(_ request: Request, context: LedgeContext) async throws -> Response {
        Response(status: .created, try await documents.create(request, fill: complete))
    }

    @Sendable func change(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        let session = try await documents.change(id, request, check: Self.checkStatus)
        try await controller.sessionWasPatched(id)
        return Response(session)
    }

    @Sendable func replace(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        let session = try await documents.replace(id, request, check: Self.checkStatus, fill: complete)
        try await controller.sessionWasPatched(id)
        return Response(session)
    }

    /// Refuses to call a session that was started anything but terminated: how it ends is the controller's to say.
    @Sendable private static func checkStatus(_ old: JSONObject, _ new: JSONObject) throws(ValidationError) {
        guard old["status"] == "Started", new["status"] != "Started", new["status"] != "Terminated" else { return }
        throw .immutableField("status")
    }

    /// Sets the helper to the active one where the session names none, and refuses too much Python.
    private func complete(_ session: inout JSONObject) throws {
        guard case .object(var configuration)? = session["session_config"] else { return }
        if case .null = configuration["helper_type"] ?? .null {
            configuration["helper_type"] = .string(try helper.name())
        }
        if let source = configuration["server_functions"]?.string, source.utf8.count > Self.serverFunctionsByteCountMax
        {
            throw RequestError.malformedField(
                "session_config.server_functions",
                expected: "at most \(Self.serverFunctionsByteCountMax) bytes long"
            )
        }
        session["session_config"] = .object(configuration)
    }

    /// Answers when the session is recorded as started; the rounds go on by themselves.
    @Sendable func start(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        var clientIDs: [String]?
        switch fields["client_ids"] {
        case nil, .null: break
        case .string(let text)?:
            guard !text.isEmpty else { break }
            let ids = text.split(separator: ",").map { String($0.trimmingSpaces) }.filter { !$0.isEmpty }
            // Commas and nothing between them: surely not everybody.
            guard !ids.isEmpty else { throw RequestError.clientIDsNotText }
            clientIDs = ids
        default: throw RequestError.clientIDsNotText
        }
        try await controller.startSession(
            SessionStart(
                sessionID: try fields.text("session_id"),
                rounds: try fields.integer("rounds").map { Int($0) },
                roundTimeout: try fields.integer("round_timeout").map { Int($0) },
                modelNamePrefix: try fields.text("model_name_prefix"),
                clientIDs: clientIDs
            )
        )
        return Response(["message": "Session started"])
    }
}
