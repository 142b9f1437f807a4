internal import Catalog
internal import Control
internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import JSON

/// The routes of `sessions` besides the generic ones: creation, changes, start.
struct SessionRoutes: Sendable {
    let sessions: Sessions
    let controller: Controller
    let options: ServerOptions

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

    @Sendable func create(_ request: Request, context: LedgeContext) async throws -> Response {
        let session = try await session(in: request)
        try context.ids.check(session, of: .sessions)
        return Response(status: .created, try await sessions.create(session))
    }

    @Sendable func change(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        let session = try await sessions.change(id, session(in: request))
        try await controller.sessionWasPatched(id)
        return Response(session)
    }

    @Sendable func replace(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        let session = try await sessions.replace(id, by: session(in: request))
        try await controller.sessionWasPatched(id)
        return Response(session)
    }

    private func session(in request: Request) async throws -> JSONObject {
        try await request.object(for: .sessions, byteCountMax: options.bodyByteCountMax)
    }

    /// Answers when the session is stored as started; its rounds run in the background.
    @Sendable func start(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        var clientIDs: [String]?
        switch fields["client_ids"] {
        case nil, .null: break
        case .string(let text)?:
            guard !text.isEmpty else { break }
            let ids = text.split(separator: ",").map { String($0.trimmingSpaces) }.filter { !$0.isEmpty }
            // Only commas: probably not meant as all clients.
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
