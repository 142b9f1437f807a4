internal import JSON

/// The durable state of a family of refresh tokens.
///
/// Each refresh token may be used once and is exchanged for the next generation. A second use means that a token was
/// stolen; whether the thief or the owner uses it is unknown, so the whole family is revoked (RFC 9700, section
/// 4.14.2). A client that did not receive the answer may repeat its request within a grace period; it gets the same
/// generation again, so a family does not branch.
struct TokenFamily: Sendable, Hashable {
    /// The outcome of the use of a refresh token.
    enum Outcome: Sendable, Hashable {
        /// The newest token was used: this state must be stored before the next token is returned.
        case rotated(TokenFamily)
        /// The token was used again within the grace period: the newest token is returned again.
        case repeated(TokenFamily)
        /// An old token was used again: this state must be stored, and no token is returned.
        case reused(TokenFamily)
        /// The family was revoked before.
        case ended
    }

    /// The generation of the newest token.
    var generation: Int64
    var rotatedAt: Timestamp
    /// The expiry of the newest token and of this state.
    var expiresAt: Timestamp
    var isRevoked = false

    /// Returns the family after the use of its first token.
    static func begun(with generation: Int64, at now: Timestamp, until expiresAt: Timestamp) -> TokenFamily {
        TokenFamily(generation: generation + 1, rotatedAt: now, expiresAt: expiresAt)
    }

    /// Returns the outcome of the use of a token.
    ///
    /// A generation newer than the newest known one is valid and counts as the newest: an older copy of the data
    /// directory was restored.
    func used(
        _ generation: Int64,
        at now: Timestamp,
        until expiresAt: Timestamp,
        graceEnd: Timestamp
    ) -> Outcome {
        guard !isRevoked else { return .ended }
        if generation >= self.generation {
            return .rotated(.begun(with: generation, at: now, until: expiresAt))
        }
        if generation == self.generation - 1 && now < graceEnd { return .repeated(self) }
        var ended = self
        ended.isRevoked = true
        return .reused(ended)
    }
}

/// The family as a document.
extension TokenFamily {
    /// Reads a document with the members of ``members``; nil for any other document.
    init?(_ document: JSONObject) {
        guard
            let generation = document["generation"]?.int,
            let rotatedAt = document["rotated_at"]?.string.flatMap({ Timestamp(parsing: $0) }),
            let expiresAt = document["expires_at"]?.string.flatMap({ Timestamp(parsing: $0) }),
            let isRevoked = document["revoked"]?.bool
        else { return nil }
        self.init(generation: generation, rotatedAt: rotatedAt, expiresAt: expiresAt, isRevoked: isRevoked)
    }

    /// The members of the document without its key.
    var members: JSONObject {
        [
            "generation": .number(JSONNumber(generation)),
            "rotated_at": .string(rotatedAt.description),
            "expires_at": .string(expiresAt.description),
            "revoked": .bool(isRevoked),
        ]
    }
}
