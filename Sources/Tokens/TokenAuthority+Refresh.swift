internal import JSON

/// Using up refresh tokens, and taking tokens back.
extension TokenAuthority {
    /// Exchanges a refresh token for a new pair; what the new tokens may do follows from the token alone.
    ///
    /// When this returns, the old token is durably spent. It may be used again within ``Options/refreshGrace``, for a
    /// client that never saw the answer; later, it ends its whole family, whose tokens have all to log in again. Access
    /// tokens of the family live on for what is left of their hour.
    ///
    /// - Throws: ``TokenError/invalid(_:)``, ``TokenError/expired(at:)``; ``TokenError/store(_:)`` where it could not
    ///   be spent, and then nothing was handed out.
    package func refresh(_ token: String, at endpoint: RefreshEndpoint) async throws(TokenError) -> TokenPair {
        // First the moment, then the look at revocations: one that the look does not find is later than the moment.
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

    /// Revokes every token of a subject that was made until now: access tokens, API keys and refresh tokens.
    ///
    /// It holds at once; when this returns, it survives a power cut. Tokens that are made afterwards, when a client of
    /// the same id enrolls again, are good.
    /// - Throws: ``TokenError/store(_:)``; the revocation may be undone then.
    package func revoke(subject: String, role: Role = .client) async throws(TokenError) {
        try await spent.revoke(
            subject,
            role,
            stamp: stamp,
            keptFor: .seconds(max(Self.apiKeyDays.upperBound * 86_400, Int(options.refreshLifetime.components.seconds)))
        )
    }
}
