internal import JSON

/// Refresh and revocation of tokens.
extension TokenAuthority {
    /// Exchanges a refresh token for a new pair of tokens of the same subject.
    ///
    /// When this returns, the old token is durably marked as used. A client that did not receive the answer may use it
    /// again within ``Options/refreshGrace``. A later use revokes its whole family, whose owner must log in again. The
    /// family's access tokens remain valid until they expire.
    ///
    /// - Throws: ``TokenError/invalid(_:)``, ``TokenError/expired(at:)``, or ``TokenError/store(_:)`` if the use could
    ///   not be stored; no tokens were issued then.
    package func refresh(_ token: String, at endpoint: RefreshEndpoint) async throws(TokenError) -> TokenPair {
        // The time is taken before revocations are checked: a revocation that the check does not find is later.
        let now = stamp()
        let claims = try check(token)
        guard let role = claims.role.refreshed, claims.role.refreshEndpoint == endpoint else {
            throw .invalid(.purpose(claims.role))
        }
        guard let lineage = claims.lineage else { throw .invalid(.claim("family")) }
        let next = try await spent.use(lineage, at: now, until: refreshExpiry(from: now))
        return pair(
            claims.subject,
            role,
            Claims.Lineage(family: lineage.family, generation: next.generation),
            at: now,
            until: next.expiresAt
        )
    }

    /// Revokes all tokens of a subject that were issued until now: access tokens, API keys and refresh tokens.
    ///
    /// The revocation is in effect immediately, and durable when this returns. Tokens issued afterwards are valid, for
    /// example when a client with the same id enrolls again.
    ///
    /// - Throws: ``TokenError/store(_:)``; the revocation may then be lost.
    package func revoke(subject: String, role: Role = .client) async throws(TokenError) {
        try await spent.revoke(
            subject,
            role,
            stamp: stamp,
            keptFor: .seconds(max(Self.apiKeyDays.upperBound * 86_400, Int(options.refreshLifetime.components.seconds)))
        )
    }
}
