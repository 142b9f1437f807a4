internal import JSON

/// The list of issued tokens, and revocations.
extension TokenAuthority {
    /// Revokes all tokens of a subject that were issued until now: access tokens, API keys and refresh tokens.
    ///
    /// The revocation is in effect immediately, and durable when this returns. Tokens issued afterwards are valid, for
    /// example when a client with the same id enrolls again.
    ///
    /// - Throws: ``TokenError/store(_:)``; the revocation may then be lost.
    package func revoke(subject: String, role: Role = .client) async throws(TokenError) {
        try await revoke(.subject(subject, role.access))
    }

    /// Revokes all tokens of a role, and their refresh tokens, that were issued until now, as ``revoke(subject:role:)``.
    package func revoke(role: Role) async throws(TokenError) {
        try await revoke(.role(role.access))
    }

    /// Revokes the token or the family with an id, and every token issued under its authority, at any time, as
    /// ``revoke(subject:role:)``.
    ///
    /// The id may be unknown: tokens that another program signed with the same secret are not recorded.
    package func revoke(id: String) async throws(TokenError) {
        try await revoke(.token(id))
    }

    private func revoke(_ scope: RevocationScope) async throws(TokenError) {
        let secondsMax = max(Self.apiKeyDays.upperBound * 86_400, Int(options.refreshLifetime.components.seconds))
        try await spent.revoke(scope, stamp: stamp, keptFor: .seconds(secondsMax))
    }

    /// Returns the records of tokens that this server issued and that have not expired, newest first, and their number.
    package func records(
        _ filter: TokenRecord.Filter
    ) async throws(TokenError) -> (records: [TokenRecord], total: Int) {
        try await spent.records(filter)
    }
}
