internal import JSON

/// Refresh and revocation of tokens.
extension TokenAuthority {
    /// Exchanges a refresh token for a new pair of tokens of the same subject.
    ///
    /// When this returns, the old token is durably marked as used. A client that did not receive the answer may use it
    /// again within ``Options/refreshGrace``. A later use revokes its whole family, and what was issued with it except
    /// enrolled clients; its owner must log in again.
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
        let owner = TokenRecord.owner(role, claims.subject)
        let until = refreshExpiry(from: now, claims.provenance)
        let next = try await spent.use(lineage, of: owner, at: now, until: until)
        return pair(
            claims.subject,
            role,
            Claims.Lineage(family: lineage.family, generation: next.generation),
            claims.provenance,
            at: now,
            until: next.expiresAt
        )
    }
}
