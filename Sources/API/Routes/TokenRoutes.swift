internal import Catalog
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Tokens

/// Routes that issue tokens: API keys, enrolment tokens, the tokens of a client, and refreshed tokens.
struct TokenRoutes: Sendable {
    let authority: TokenAuthority?
    let options: ServerOptions
    let audit: AuditLog

    /// Default lifetimes: of an API key in days, of an enrolment token in hours.
    private static let daysDefault = 365
    private static let hoursDefault = 24

    private static let pair: [Schema.Member] = [
        .required("access_token"), .required("refresh_token"), .required("token_type"),
        .required("expires_in", .integer, "Seconds"), .required("expires_at", .timestamp),
    ]

    func add(to table: inout RouteTable) {
        let invalid = Endpoint.Answer.refused(
            400,
            "A field is missing or invalid, or authentication is off on this server"
        )
        table.add(
            .post("auth/token"),
            "Creates an API key: a long-lived token that needs no refresh.",
            .participants,
            body: .fields([
                .optional(
                    "token_type",
                    .oneOf(["client", "admin", "combiner"]),
                    "Its role; default: client"
                ),
                .optional("expires_in_days", .integer, "Default: 365"),
            ]),
            answers: .created([
                .required("token"), .required("expires_at", .timestamp), .required("token_type"),
            ]).secret,
            invalid,
            .refused(403, "Your role may not create a token of that role"),
            use: makeKey
        )
        table.add(
            .post("auth/enrollment-tokens"),
            "Creates a token with which edge clients enrol.",
            body: .fields([.optional("name"), .optional("expires_in_hours", .integer, "Default: 24")]),
            answers: .created([
                .required("token"), .required("expires_at", .timestamp), .required("name"),
            ]).secret,
            invalid,
            use: makeEnrollmentToken
        )
        table.add(
            .post("clients/enroll"),
            "Exchanges an enrolment token for the tokens of a client.",
            .enrollment,
            body: .fields([.optional("client_id", .string, "Default: generated"), .optional("name")]),
            answers: .ok(Self.pair + [.required("client_id")]).secret,
            invalid,
            use: enroll
        )
        addRefreshes(to: &table, invalid)
    }

    private func addRefreshes(to table: inout RouteTable, _ invalid: Endpoint.Answer) {
        let spent = Endpoint.Answer.refused(401, "The refresh token is invalid, expired or used")
        let refreshing: Endpoint.Body = .fields([
            .required("refresh_token"), .optional("role", .string, "Ignored: the token contains the role"),
        ])
        table.add(
            .post("clients/token"),
            "Exchanges the refresh token of a client, which is valid once, for new tokens.",
            .open,
            body: refreshing,
            answers: .ok(Self.pair).secret,
            invalid,
            spent
        ) { request, _ in try await refresh(request, at: .clients) }
        table.add(
            .post("/api/auth/refresh"),
            "Exchanges a refresh token of an administrator or combiner, which is valid once, for new tokens.",
            .open,
            body: refreshing,
            answers: .ok(Self.pair).secret,
            invalid,
            spent
        ) { request, _ in try await refresh(request, at: .others) }
    }

    /// `token_type` in the answer is the role, as the reference says; in the token itself it is `api_key`.
    @Sendable func makeKey(_ request: Request, context: LedgeContext) async throws -> Response {
        let (authority, caller) = try required(context)
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let name = try fields.text("token_type") ?? Role.client.rawValue
        guard let role = Role(rawValue: name), role.opensEndpoints else {
            throw ValidationError.malformedField("token_type", expected: "'client', 'admin' or 'combiner'")
        }
        let days = try fields.integer("expires_in_days").map { Int($0) } ?? Self.daysDefault
        let token = try await Self.checkingLifetime("expires_in_days") { () async throws(TokenError) in
            try await authority.issueAPIKey(role: role, days: days, by: caller)
        }
        audit.issued(.apiKey, id: token.id, role: role, subject: caller.subject, by: caller, from: context.address)
        return Response(
            status: .created,
            [
                "token": .string(token.text), "expires_at": .string(token.expiresAt.description),
                "token_type": .string(role.rawValue),
            ]
        )
    }

    @Sendable func makeEnrollmentToken(_ request: Request, context: LedgeContext) async throws -> Response {
        let (authority, caller) = try required(context)
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let name = try fields.text("name") ?? "enrollment"
        let hours = try fields.integer("expires_in_hours").map { Int($0) } ?? Self.hoursDefault
        let token = try await Self.checkingLifetime("expires_in_hours") { () async throws(TokenError) in
            try await authority.issueEnrollmentToken(name: name, hours: hours, by: caller)
        }
        audit.issued(.enrollment, id: token.id, role: .enrollment, subject: name, by: caller, from: context.address)
        return Response(
            status: .created,
            [
                "token": .string(token.text), "expires_at": .string(token.expiresAt.description),
                "name": .string(name),
            ]
        )
    }

    @Sendable func enroll(_ request: Request, context: LedgeContext) async throws -> Response {
        let (authority, caller) = try required(context)
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        try context.ids.check(fields, of: .clients)
        let id = try fields.text("client_id") ?? UniqueID.random()
        let pair = try await authority.enrollClient(id, by: caller)
        audit.issued(.family, id: pair.family, role: .client, subject: id, by: caller, from: context.address)
        var answer = pair.answer
        answer["client_id"] = .string(id)
        return Response(.object(answer))
    }

    @Sendable func refresh(_ request: Request, at endpoint: RefreshEndpoint) async throws -> Response {
        guard let authority else { throw RequestError.authenticationOff }
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let token = try fields.requiredText("refresh_token")
        return Response(.object(try await authority.refresh(token, at: endpoint).answer))
    }

    /// Converts the error of an invalid lifetime to one that names the field.
    private static func checkingLifetime(
        _ field: String,
        _ make: () async throws(TokenError) -> IssuedToken
    ) async throws -> IssuedToken {
        do { return try await make() } catch .unacceptableLifetime(let allowed) {
            throw ValidationError.malformedField(field, expected: "\(allowed.lowerBound) to \(allowed.upperBound)")
        }
    }

    private func required(_ context: LedgeContext) throws(RequestError) -> (TokenAuthority, Identity) {
        guard let authority, let identity = context.identity else { throw .authenticationOff }
        return (authority, identity)
    }
}

extension TokenPair {
    /// The names of RFC 6749, section 5.1.
    var answer: JSONObject {
        [
            "access_token": .string(access.text),
            "refresh_token": .string(refresh.text),
            "token_type": "Bearer",
            "expires_in": JSON(access.secondsLeft),
            "expires_at": .string(access.expiresAt.description),
        ]
    }
}

extension IssuedToken {
    /// Seconds until it expires.
    fileprivate var secondsLeft: Int64 {
        max(0, (expiresAt.microseconds - Timestamp.now().microseconds) / 1_000_000)
    }
}
