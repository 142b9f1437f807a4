internal import Connections
internal import HTTPTypes

/// Why a request is refused by the HTTP layer.
///
/// One line for each error: its status, its message, and additional headers.
struct RequestError: AnsweredError, Hashable, CustomStringConvertible {
    let status: HTTPResponse.Status
    let answer: String
    let headers: HTTPFields

    private init(_ status: HTTPResponse.Status, _ answer: String, _ headers: HTTPFields = [:]) {
        self.status = status
        self.answer = answer
        self.headers = headers
    }

    var description: String { answer }

    /// Headers of responses after which the rest of the request is not read.
    private static let closing: HTTPFields = [.connection: "close"]
}

/// Errors of the connection, before a request is parsed.
extension RequestError {
    static func tooManyConnections(countMax: Int) -> Self {
        Self(.serviceUnavailable, "Too many connections: \(countMax) are allowed (--max-connections); try again")
    }
    static func tooManyConnectionsOfAddress(countMax: Int) -> Self {
        let limit = "\(countMax) are allowed (--max-connections-per-address)"
        return Self(.serviceUnavailable, "Too many connections of your address: \(limit); try again")
    }
    static let tooSlow = Self(
        .requestTimeout,
        "The request arrived too slowly; the server has stopped waiting for the rest",
        closing
    )
    /// Malformed or ambiguous HTTP.
    static let malformedRequest = Self(
        .badRequest,
        "Broken HTTP: the request is malformed or ambiguous",
        closing
    )
    static let unknownVersion = Self(.httpVersionNotSupported, "This server supports HTTP/1.1 only")
    static let targetTooLong = Self(
        .uriTooLong,
        "The request line is longer than \(HTTP1Limits.lineByteCountMax) bytes"
    )
    static let headTooLong = Self(
        .requestHeaderFieldsTooLarge,
        "The request headers are too long: \(HTTP1Limits.headerCountMax) lines are allowed, "
            + "\(HTTP1Limits.lineByteCountMax) bytes in one and \(HTTP1Limits.headByteCountMax) in all"
    )
    static let hostMissing = Self(.badRequest, "The request must have one Host header")
    static let transferCoding = Self(.notImplemented, "The only supported Transfer-Encoding is chunked")
    static let contentCoding = Self(
        .unsupportedMediaType,
        "The body must not be compressed: Content-Encoding is not supported"
    )
}

/// Routing and access.
extension RequestError {
    static let noSuchRoute = Self(.notFound, "No such endpoint")
    static func methodNotAllowed(allowed: [String]) -> Self {
        let methods = allowed.joined(separator: ", ")
        return Self(.methodNotAllowed, "Method not allowed; this endpoint allows \(methods)", [.allow: methods])
    }
    /// The path accepts JSON lines only, and this body is none.
    static func linesOnly(allowed: [String]) -> Self {
        let expected = "POST requires JSON lines here, with Content-Type: application/x-ndjson"
        let headers: HTTPFields = [.allow: allowed.joined(separator: ", ")]
        return Self(.methodNotAllowed, "Method not allowed for this body; \(expected)", headers)
    }
    /// The host that was called; nil if it is malformed.
    static func hostNotServed(_ host: String?) -> Self {
        let name = host.map { " '\($0)'" } ?? ""
        let remedy = "start it with --allow-host \(host ?? "NAME")"
        return Self(.misdirectedRequest, "This server does not serve the Host\(name); to serve it, \(remedy)")
    }
    /// The origin of the page; nil if it is unknown or `null`.
    static func foreignOrigin(_ origin: String?) -> Self {
        let pages = origin.map { "Web pages of \($0)" } ?? "Web pages of other sites"
        let remedy = "start the server with --allow-origin \(origin ?? "ORIGIN")"
        return Self(.forbidden, "\(pages) may not change data here; to allow them, \(remedy)")
    }
    static func insufficientRole(_ role: String) -> Self {
        Self(.forbidden, "Insufficient permissions: the role '\(role)' may not do this")
    }
    static let authenticationOff = Self(
        .badRequest,
        "Authentication is off on this server: it does not issue tokens"
    )
    static func tooManyLogins(retryAfter: Duration) -> Self {
        let seconds = max(1, retryAfter.components.seconds + 1)
        return Self(.tooManyRequests, "Too many logins are pending; try again later", [.retryAfter: "\(seconds)"])
    }
    static let unknownLogin = Self(.notFound, "No login with that id is pending; it may have expired")
}

/// Headers and bodies.
extension RequestError {
    static func missingHeader(_ name: String) -> Self { Self(.badRequest, "Missing header \(name)") }
    static func malformedHeader(_ name: String, expected: String) -> Self {
        Self(.badRequest, "Header \(name) must be \(expected)")
    }
    static func bodyTooLarge(byteCountMax: Int) -> Self {
        Self(.contentTooLarge, "The request body is longer than \(byteCountMax) bytes", closing)
    }
    /// The bodies in transfer use all the memory that is allowed for them.
    static let tooManyBodies = Self(
        .serviceUnavailable,
        "Too many long bodies are arriving; try again, or send shorter ones",
        closing
    )
    /// The lists in transfer use all the memory for what has to be kept of their queries.
    static let tooManyLists = Self(
        .serviceUnavailable,
        "Too many long lists with unindexed conditions or orders are being read; try again, or with X-Limit"
    )
    static let bodyTruncated = Self(.badRequest, "The request ended before its body was complete", closing)
    static let clientIDsNotText = Self(.badRequest, "client_ids must be a comma separated string")
    static func tooManyConditions(countMax: Int) -> Self {
        Self(.badRequest, "Too many conditions: \(countMax) are allowed")
    }
    static func tooManyAlternatives(countMax: Int) -> Self {
        Self(.badRequest, "Too many alternatives: a filter may have \(countMax) different values")
    }
    static func rangeNotSatisfiable(byteCount: Int64) -> Self {
        let message = "The range starts past the end of the file, which has \(byteCount) bytes"
        return Self(.rangeNotSatisfiable, message, [.contentRange: "bytes */\(byteCount)"])
    }
}
