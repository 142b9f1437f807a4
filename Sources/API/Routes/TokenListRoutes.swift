internal import Catalog
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Tokens

/// The administrators' list of issued tokens, and revocation.
struct TokenListRoutes: Sendable {
    let authority: TokenAuthority?
    let options: ServerOptions
    let audit: AuditLog

    /// The roles that can be listed and revoked; a refresh token belongs to the role of its access tokens.
    private static let roles = Role.allCases.filter { $0.refreshed == nil }
    private static let roleNames = roles.map(\.rawValue)

    func add(to table: inout RouteTable) {
        let invalid = Endpoint.Answer.refused(
            400,
            "A field is missing or invalid, or authentication is off on this server"
        )
        table.add(
            .get("auth/tokens"),
            "Lists the API keys, enrolment tokens, log-ins and enrolled clients for which this server issued tokens.",
            parameters: [
                .query("role", .oneOf(Self.roleNames)), .query("subject"),
                .header(
                    "X-Limit",
                    .string,
                    "Maximum number of tokens; default and maximum: \(TokenRecord.Filter.limitMax)"
                ),
                .header("X-Skip", .string, "Number of tokens to skip first; default: 0"),
            ],
            answers: .ok([.required("count", .count), .required("result", .array(Self.record))]),
            invalid,
            use: list
        )
        table.add(
            .post("auth/tokens/revoke"),
            "Revokes a token and those issued with it, the tokens of a subject, or the tokens of a role.",
            body: .fields([
                .optional("id", .string, "The id of a token (its claim jti) or of a family; known or not"),
                .optional("subject", .string, "Revokes its tokens that were issued until now"),
                .optional("role", .oneOf(Self.roleNames), "All tokens of this role, or with subject only its own"),
            ]),
            answers: .ok(.message),
            invalid,
            use: revoke
        )
    }

    private static let record = Schema.object([
        .required("id"),
        .required("kind", .oneOf(TokenRecord.Kind.allCases.map(\.rawValue))),
        .required("role", .nullable(.oneOf(roleNames))),
        .required("subject", .nullable(.string)),
        .required("issued_at", .nullable(.timestamp)),
        .required("issued_by", .nullable(.string), "The id of the token with which it was issued"),
        .required("used_at", .nullable(.timestamp), "When the refresh token of a family was used last"),
        .required("expires_at", .nullable(.timestamp), "Null if it is revoked"),
        .required("revoked", .bool),
    ])

    @Sendable func list(_ request: Request, context: LedgeContext) async throws -> Response {
        guard let authority else { throw RequestError.authenticationOff }
        let filter = TokenRecord.Filter(
            role: try request.query["role"].map(Self.role),
            subject: request.query["subject"],
            skip: request.headers.positiveNumber(.skip) ?? 0,
            limit: request.headers.positiveNumber(.limit)
        )
        let (records, total) = try await authority.records(filter)
        return Response(["count": JSON(total), "result": .array(records.map(\.json))])
    }

    @Sendable func revoke(_ request: Request, context: LedgeContext) async throws -> Response {
        guard let authority else { throw RequestError.authenticationOff }
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let role = try fields.text("role").map(Self.role)
        let (id, subject) = (try fields.text("id"), try fields.text("subject"))
        switch (id, subject, role) {
        case (let id?, nil, nil):
            try await authority.revoke(id: id)
        case (nil, let subject?, let role):
            for role in role.map({ [$0] }) ?? Self.roles { try await authority.revoke(subject: subject, role: role) }
        case (nil, nil, let role?):
            try await authority.revoke(role: role)
        case (_?, _, _):
            throw ValidationError.malformedField("id", expected: "the only field")
        case (nil, nil, nil):
            throw ValidationError.missingField("id")
        }
        audit.revoked(id: id, subject: subject, role: role, by: context.identity, from: context.address)
        return Response(["message": "Tokens revoked"])
    }

    private static func role(_ name: String) throws(ValidationError) -> Role {
        guard let role = Role(rawValue: name), roles.contains(role) else {
            throw .malformedField("role", expected: roleNames.map { "'\($0)'" }.joined(separator: " or "))
        }
        return role
    }
}

extension TokenRecord {
    fileprivate var json: JSON {
        [
            "id": .string(id),
            "kind": .string(kind.rawValue),
            "role": JSON(role?.rawValue),
            "subject": JSON(subject),
            "issued_at": JSON(issuedAt),
            "issued_by": JSON(issuedBy),
            "used_at": JSON(usedAt),
            "expires_at": JSON(isRevoked ? nil : expiresAt),
            "revoked": .bool(isRevoked),
        ]
    }
}
