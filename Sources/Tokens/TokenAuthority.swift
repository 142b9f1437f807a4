package import JSON
internal import NIOConcurrencyHelpers
package import Store

/// Makes this server's tokens, says whose token one is, and remembers which are spent.
///
/// Tokens are signed, not stored: verifying one takes its text, the key, and a look into an index in memory. Only the
/// use of a refresh token and a revocation are written, and durable when the call returns.
package final class TokenAuthority: Sendable {
    /// How long tokens last.
    package struct Options: Sendable, Hashable {
        /// Of an access token; at least a minute, since the official client refreshes when half a minute is left.
        package var accessLifetime: Duration = .seconds(3600)
        /// Of a refresh token; each use gives a new one, so it only ends a client that was away for so long.
        package var refreshLifetime: Duration = .seconds(90 * 86_400)
        /// How long a refresh token may be used again, by a client that never saw the answer.
        package var refreshGrace: Duration = .seconds(60)

        package init() {}
    }

    /// Bytes of a token at most.
    package static let byteCountMax = 8 << 10
    /// Bytes of a subject at most.
    package static let subjectByteCountMax = 256
    /// Days an API key may last.
    package static let apiKeyDays = 1...3650
    /// Hours an enrollment token may last.
    package static let enrollmentHours = 1...87_600

    /// The collection that remembers spent tokens; the store is opened with it.
    package static var schema: CollectionSchema { SpentTokens.schema }

    let options: Options
    let spent: SpentTokens
    private let key: SigningKey
    private let clock: @Sendable () -> Timestamp
    private let lastStamp = NIOLockedValueBox(Timestamp.earliest)

    /// Makes an authority that signs with `key` and remembers in `spent`, a collection of ``schema``.
    package init(
        key: SigningKey,
        spent: Collection,
        options: Options = Options(),
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        precondition(options.accessLifetime >= .seconds(60), "clients refresh when half a minute is left")
        precondition(options.refreshLifetime > options.refreshGrace, "a spent token is forgiven only while it lasts")
        self.key = key
        self.options = options
        self.clock = clock
        self.spent = SpentTokens(collection: spent, openedAt: clock(), grace: options.refreshGrace)
    }

    /// Returns who sent a request, from the value of its `Authorization` header: `Bearer` and a token.
    ///
    /// The scheme's case does not matter (RFC 9110, section 11.1).
    ///
    /// - Throws: ``TokenError/missing``, ``TokenError/wrongScheme``; the rest as ``verify(_:)`` does.
    package func verify(authorization header: String?) throws(TokenError) -> Identity {
        guard let header else { throw .missing }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard let scheme = parts.first else { throw .missing }
        guard scheme.lowercased() == "bearer" else { throw .wrongScheme }
        let token = parts.count == 2 ? parts[1].drop { $0 == " " } : ""
        guard !token.isEmpty else { throw .missing }
        return try verify(String(token))
    }

    /// Returns whose token this is.
    ///
    /// Takes some microseconds and, but for a subject whose tokens were revoked once, no read of the disk.
    ///
    /// - Throws: ``TokenError/invalid(_:)``, ``TokenError/expired(at:)``; ``TokenError/store(_:)`` where a revocation
    ///   cannot be read.
    package func verify(_ bearer: String) throws(TokenError) -> Identity {
        try check(bearer).identity
    }

    /// Removes up to `countMax` documents about tokens that have all expired, and returns how many they were.
    ///
    /// Work for now and then, an hour apart; each document is one append to the log.
    package func sweep(countMax: Int = 256) async throws(StoreError) -> Int {
        try await spent.sweep(at: clock(), countMax: countMax)
    }

    /// Returns the claims of a token that is ours, valid now, and not revoked.
    func check(_ token: String) throws(TokenError) -> Claims {
        let claims = try Claims(JSONWebToken.open(token, with: key))
        let now = clock()
        guard now < claims.expiresAt else { throw .expired(at: claims.expiresAt) }
        if let notBefore = claims.notBefore, now < notBefore { throw .invalid(.notYetValid) }
        guard try !spent.isRevoked(claims.subject, claims.role, issuedAt: claims.issuedAt ?? .earliest) else {
            throw .invalid(.revoked)
        }
        return claims
    }

    /// Returns the token of some claims.
    func issue(_ claims: Claims) -> IssuedToken {
        IssuedToken(
            text: JSONWebToken.sign(claims.object, with: key),
            role: claims.role,
            expiresAt: claims.expiresAt
        )
    }

    /// Returns a moment that is now, or a microsecond after the last one that was returned.
    ///
    /// It decides whether a token is older than a revocation, so it must neither stand still nor go back.
    func stamp() -> Timestamp {
        let now = clock()
        return lastStamp.withLockedValue { last in
            last = max(now, last.advanced(by: .microseconds(1)))
            return last
        }
    }
}

extension Claims {
    fileprivate var identity: Identity {
        Identity(
            subject: subject,
            role: role,
            tokenID: tokenID,
            issuedAt: issuedAt ?? .earliest,
            expiresAt: expiresAt
        )
    }
}
