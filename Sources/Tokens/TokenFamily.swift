internal import JSON

/// How far a family of refresh tokens has come: the one thing about it that must survive.
///
/// Each refresh token may be used once and is answered with the next generation. One that comes back later was copied:
/// either its thief or its owner is asking, and nobody can tell which, so the whole family ends (RFC 9700,
/// section 4.14.2). A client whose answer was lost asks again at once, and is forgiven within a grace period; it gets
/// the same generation again, so a family never branches.
struct TokenFamily: Sendable, Hashable {
    /// What the use of a refresh token means for its family.
    enum Verdict: Sendable, Hashable {
        /// It was the newest: the family is now this, to be stored before the next token is handed out.
        case rotated(TokenFamily)
        /// It was used a moment ago: the newest is handed out again.
        case repeated(TokenFamily)
        /// It was used before: the family is now this, to be stored, and there is no token.
        case reused(TokenFamily)
        /// The family has ended.
        case ended
    }

    /// Of the newest token that was handed out.
    var generation: Int64
    var rotatedAt: Timestamp
    /// When the newest token expires, and with it all that is known here.
    var expiresAt: Timestamp
    var isRevoked = false

    /// The family after its first token was used.
    static func begun(with generation: Int64, at now: Timestamp, until expiresAt: Timestamp) -> TokenFamily {
        TokenFamily(generation: generation + 1, rotatedAt: now, expiresAt: expiresAt)
    }

    /// Says what the use of a token of some generation means.
    ///
    /// A generation that is newer than the newest is one of ours all the same: the data directory was put back to an
    /// earlier state. It counts as the newest.
    func used(
        _ generation: Int64,
        at now: Timestamp,
        until expiresAt: Timestamp,
        forgivenUntil: Timestamp
    ) -> Verdict {
        guard !isRevoked else { return .ended }
        if generation >= self.generation {
            return .rotated(.begun(with: generation, at: now, until: expiresAt))
        }
        if generation == self.generation - 1 && now < forgivenUntil { return .repeated(self) }
        var ended = self
        ended.isRevoked = true
        return .reused(ended)
    }
}

/// The family as a document.
extension TokenFamily {
    /// Reads what ``members`` wrote; nil for anything else.
    init?(_ document: JSONObject) {
        guard
            let generation = document["generation"]?.int,
            let rotatedAt = document["rotated_at"]?.string.flatMap({ Timestamp(parsing: $0) }),
            let expiresAt = document["expires_at"]?.string.flatMap({ Timestamp(parsing: $0) }),
            let isRevoked = document["revoked"]?.bool
        else { return nil }
        self.init(generation: generation, rotatedAt: rotatedAt, expiresAt: expiresAt, isRevoked: isRevoked)
    }

    /// What stands in the document beside its key.
    var members: JSONObject {
        [
            "generation": .number(JSONNumber(generation)),
            "rotated_at": .string(rotatedAt.description),
            "expires_at": .string(expiresAt.description),
            "revoked": .bool(isRevoked),
        ]
    }
}
