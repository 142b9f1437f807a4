package import JSON
internal import NIOConcurrencyHelpers
package import Store

/// Issues, verifies, refreshes and revokes this server's tokens.
///
/// Tokens are signed, not stored: verifying one takes its text, the key, and lookups in a table in memory. Only uses of
/// refresh tokens, revocations, and the ids of tokens for their list are stored, and durable when the call returns.
package final class TokenAuthority: Sendable {
    /// The lifetimes of tokens.
    package struct Options: Sendable, Hashable {
        /// The lifetime of an access token; at least a minute, because the official client refreshes 30 seconds before.
        package var accessLifetime: Duration = .seconds(3600)
        /// The lifetime of a refresh token; each use issues a new one, so it limits how long a client may be inactive.
        package var refreshLifetime: Duration = .seconds(90 * 86_400)
        /// The period in which a client that did not receive the answer may use a refresh token again.
        package var refreshGrace: Duration = .seconds(60)

        package init() {}
    }

    /// The maximum length of a token in bytes.
    package static let byteCountMax = 8 << 10
    /// The maximum length of a subject in bytes.
    package static let subjectByteCountMax = 256
    /// The allowed lifetimes of an API key, in days.
    package static let apiKeyDays = 1...3650
    /// The allowed lifetimes of an enrollment token, in hours.
    package static let enrollmentHours = 1...87_600

    /// The schema of the collection for the state of tokens, with which the store must be opened.
    package static var schema: CollectionSchema { SpentTokens.schema }

    let options: Options
    let spent: SpentTokens
    private let key: SigningKey
    let clock: @Sendable () -> Timestamp
    private let lastStamp = NIOLockedValueBox(Timestamp.earliest)

    /// Creates an authority that signs with `key` and stores the state of tokens in `spent`, a collection of
    /// ``schema``; reads its revocations, which blocks.
    package init(
        key: SigningKey,
        spent: DocumentCollection,
        options: Options = Options(),
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        precondition(options.accessLifetime >= .seconds(60), "clients refresh 30 seconds before the expiry")
        precondition(options.refreshLifetime > options.refreshGrace, "the grace period is shorter than the lifetime")
        self.key = key
        self.options = options
        self.clock = clock
        self.spent = SpentTokens(collection: spent, openedAt: clock(), grace: options.refreshGrace)
    }

    /// Verifies the value of an `Authorization` header, `Bearer` and a token, and returns the caller's identity.
    ///
    /// The case of the scheme is ignored (RFC 9110, section 11.1).
    ///
    /// - Throws: ``TokenError/missing``, ``TokenError/wrongScheme``, and the errors of ``verify(_:)``.
    package func verify(authorization header: String?) throws(TokenError) -> Identity {
        try verify(Self.token(authorization: header))
    }

    /// Returns the holder of the token in an `Authorization` header, for the log: the token may be expired or revoked;
    /// nil if this server did not sign it.
    package func holder(authorization header: String?) -> Identity? {
        do { return try Claims(JSONWebToken.open(Self.token(authorization: header), with: key)).identity } catch {
            return nil
        }
    }

    private static func token(authorization header: String?) throws(TokenError) -> String {
        guard let header else { throw .missing }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard let scheme = parts.first else { throw .missing }
        guard scheme.lowercased() == "bearer" else { throw .wrongScheme }
        let token = parts.count == 2 ? parts[1].drop { $0 == " " } : ""
        guard !token.isEmpty else { throw .missing }
        return String(token)
    }

    /// Verifies a token and returns the caller's identity.
    ///
    /// Takes a few microseconds, and does not read the disk unless ``RevocationTable`` is off.
    ///
    /// - Throws: ``TokenError/invalid(_:)``, ``TokenError/expired(at:)``, or ``TokenError/store(_:)`` if a revocation
    ///   cannot be read.
    package func verify(_ bearer: String) throws(TokenError) -> Identity {
        try check(bearer).identity
    }

    /// Deletes up to `countMax` documents whose tokens have all expired, and returns their number.
    ///
    /// To be called about once an hour; each deletion is one append to the log.
    package func sweep(countMax: Int = 256) async throws -> Int {
        try await spent.sweep(at: clock(), countMax: countMax)
    }

    /// Verifies signature, times and revocations of a token, and returns its claims.
    func check(_ token: String) throws(TokenError) -> Claims {
        let claims = try Claims(JSONWebToken.open(token, with: key))
        let now = clock()
        guard now < claims.expiresAt else { throw .expired(at: claims.expiresAt) }
        if let notBefore = claims.notBefore, now < notBefore { throw .invalid(.notYetValid) }
        guard try !spent.isRevoked(claims.identity) else { throw .invalid(.revoked) }
        return claims
    }

    /// Signs the claims.
    func issue(_ claims: Claims) -> IssuedToken {
        guard let id = claims.tokenID else { preconditionFailure("every issued token has an id") }
        return IssuedToken(
            text: JSONWebToken.sign(claims.object, with: key),
            id: id,
            role: claims.role,
            expiresAt: claims.expiresAt
        )
    }

    /// Returns the current time, at least a microsecond later than the time returned last.
    ///
    /// Tokens and revocations are ordered by these times, so they strictly increase.
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
            expiresAt: expiresAt,
            isAPIKey: isAPIKey,
            provenance: provenance
        )
    }
}
