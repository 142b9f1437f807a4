internal import HTTPTypes
internal import Logging
internal import Tokens

/// Logs who logs in, which tokens are issued and revoked, and which requests are refused; never a token.
///
/// Requests without a valid token can be refused, and log-ins begun, in any number. So that they cannot fill the disk,
/// these lines are limited, and the next line reports how many were left out.
final class AuditLog: Sendable {
    private let logger: Logger
    private let limiter: LineLimiter

    init(_ logger: Logger, limiter: LineLimiter = LineLimiter()) {
        self.logger = logger
        self.limiter = limiter
    }

    /// Logs an issued token or family of tokens; `issuer` is the caller, or the one who approved the log-in.
    func issued(
        _ kind: TokenRecord.Kind,
        id: String,
        role: Role,
        subject: String,
        by issuer: Identity,
        from address: String?
    ) {
        let issued = Self.metadata(id: id, role: role, subject: subject)
        let others: [String: String?] = [
            "kind": kind.rawValue, "by": issuer.tokenID, "by_subject": issuer.subject, "address": address,
        ]
        write(.notice, "issued a token", issued.merging(others) { $1 })
    }

    /// Logs a revocation by its id, subject or role.
    func revoked(
        id: String? = nil,
        subject: String? = nil,
        role: Role? = nil,
        by caller: Identity?,
        from address: String?
    ) {
        let revoked = Self.metadata(id: id, role: role, subject: subject)
        let others = ["by": caller?.tokenID, "by_subject": caller?.subject, "address": address]
        write(.notice, "revoked tokens", revoked.merging(others) { $1 })
    }

    func loginBegun(_ requestID: String, _ requester: LoginRequests.Requester) {
        limited(
            "a log-in was begun",
            [
                "code": LoginPage.code(of: requestID), "address": requester.address,
                "forwarded_for": requester.forwardedFor, "user_agent": requester.userAgent,
            ]
        )
    }

    /// Logs the decision about a log-in; `identity` is the holder of the token with which it was approved.
    func loginDecided(_ requestID: String, approvedBy identity: Identity?, from address: String?) {
        var metadata = identity.map { Self.metadata(id: $0.tokenID, role: $0.role, subject: $0.subject) } ?? [:]
        metadata["code"] = LoginPage.code(of: requestID)
        metadata["address"] = address
        write(.notice, identity == nil ? "a log-in was refused" : "a log-in was approved", metadata)
    }

    /// Logs a request that was refused with 401 or 403; `holder` is that of its token, if this server signed it.
    func refused(_ method: HTTPRequest.Method, _ path: String, _ cause: any Error, of holder: Identity?, from: String?)
    {
        var metadata = holder.map { Self.metadata(id: $0.tokenID, role: $0.role, subject: $0.subject) } ?? [:]
        metadata["address"] = from
        metadata["request"] = "\(method.rawValue) \(path)"
        metadata["cause"] = logText(of: cause)
        // Needs a valid token, and ends its family: it cannot happen often.
        if case TokenError.invalid(.reused) = cause {
            return write(.warning, "a refresh token was used again: its log-in or client is revoked", metadata)
        }
        limited("refused a request", metadata)
    }

    private static func metadata(id: String?, role: Role?, subject: String?) -> [String: String?] {
        ["id": id, "role": role?.rawValue, "subject": subject]
    }

    private func limited(_ message: Logger.Message, _ metadata: [String: String?]) {
        guard let leftOut = limiter.admit() else { return }
        write(.notice, message, metadata.merging(["left_out": leftOut > 0 ? "\(leftOut)" : nil]) { $1 })
    }

    private func write(_ level: Logger.Level, _ message: Logger.Message, _ metadata: [String: String?]) {
        let texts = metadata.compactMapValues { $0 }
        logger.log(level: level, message, metadata: texts.mapValues { "\($0.printable)" })
    }
}

extension String {
    /// The text without control characters, invisible ones and line breaks, shortened: safe in a log and on a page.
    var printable: String {
        let countMax = 200
        var text = ""
        for scalar in unicodeScalars.prefix(countMax) {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                text += "\u{fffd}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return unicodeScalars.count > countMax ? text + "…" : text
    }
}
