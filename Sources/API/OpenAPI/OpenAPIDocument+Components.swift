internal import HTTPTypes
internal import JSON

extension OpenAPIDocument {
    /// The components that endpoints refer to: schemas, common errors, authentication.
    var components: JSON {
        var schemas = JSONObject()
        for schema in endpoints.flatMap(\.schemas) + [.message] {
            for (name, definition) in schema.components { schemas[name] = definition }
        }
        var components: JSONObject = [
            "schemas": .object(schemas),
            "responses": .object(JSONObject(CommonError.allCases.map { ($0.rawValue, $0.json) })),
        ]
        if isAuthenticated {
            components["securitySchemes"] = [
                "bearer": [
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "A token from `ledge token`, from `auth/token`, or of an enrolled client.",
                ]
            ]
        }
        return .object(components)
    }
}

extension Endpoint {
    /// The schemas of its body and its answers.
    fileprivate var schemas: [Schema] {
        let answered = answers.compactMap(\.content)
        switch body {
        case .json(let sent): return [sent] + answered
        case .jsonOrLines(let resource), .lines(let resource): return [.draft(resource)] + answered
        case .none, .fields, .fieldsOrFile, .bytes: return answered
        }
    }
}

/// An error that all endpoints of a kind may return; an endpoint's own declaration overrides it.
enum CommonError: String, CaseIterable {
    case invalid = "Invalid"
    case unauthorized = "Unauthorized"
    case forbidden = "Forbidden"
    case notFound = "NotFound"
    case tooLarge = "TooLarge"
    case failed = "Failed"
    case unavailable = "Unavailable"
    case noSpace = "NoSpace"

    var status: Int {
        switch self {
        case .invalid: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .notFound: 404
        case .tooLarge: 413
        case .failed: 500
        case .unavailable: 503
        case .noSpace: 507
        }
    }

    var summary: String {
        switch self {
        case .invalid: "The request is malformed, or a field is missing, unknown or of the wrong type"
        case .unauthorized: "The token is missing, invalid or expired"
        case .forbidden: "The token's role may not do this"
        case .notFound: "Unknown id"
        case .tooLarge: "The body exceeds the size limit"
        case .failed:
            "Stored bytes failed their checksum, or an unexpected error occurred; the server's log has the details"
        case .unavailable: "A disk error occurred, or the server is stopping"
        case .noSpace: "The disk is full"
        }
    }

    func concerns(_ endpoint: Endpoint, isAuthenticated: Bool) -> Bool {
        switch self {
        case .invalid, .failed, .unavailable: true
        case .unauthorized, .forbidden: isAuthenticated && endpoint.access.roles != nil
        case .notFound: !endpoint.pathParameters.isEmpty
        case .tooLarge: endpoint.body.isSent
        case .noSpace: endpoint.isWrite
        }
    }

    fileprivate var json: JSON {
        [
            "description": .string(summary),
            "content": ["application/json": ["schema": Schema.message.jsonSchema(.answer)]],
        ]
    }
}

extension Endpoint.Body {
    /// Whether a request has a body.
    var isSent: Bool {
        if case .none = self { false } else { true }
    }
}

extension Endpoint {
    /// Whether it may write: a `POST` of conditions only reads.
    fileprivate var isWrite: Bool {
        if case .json(.filter) = body { return false }
        return method != .get
    }
}
