internal import JSON

/// Issuing of tokens that are recorded, so that administrators can list and revoke them.
///
/// When a function returns, the record is durable; if it cannot be stored, no token is returned. The errors are those of
/// the function that only issues, and ``TokenError/store(_:)``.
extension TokenAuthority {
    /// Returns the tokens of a log-in that the caller has approved: of the same subject and role.
    package func logIn(by caller: Identity) async throws(TokenError) -> TokenPair {
        try await recorded(pair(for: caller.subject, role: caller.role, by: caller), by: caller)
    }

    /// Returns the tokens of a client, as ``enroll(_:by:)`` does.
    package func enrollClient(_ clientID: String, by caller: Identity) async throws(TokenError) -> TokenPair {
        try await recorded(enroll(clientID, by: caller), by: caller)
    }

    /// Returns an API key, as ``apiKey(role:days:by:)`` does.
    package func issueAPIKey(role: Role, days: Int, by caller: Identity) async throws(TokenError) -> IssuedToken {
        let token = try apiKey(role: role, days: days, by: caller)
        try await record(token.id, .apiKey, role, caller.subject, until: token.expiresAt, by: caller)
        return token
    }

    /// Returns a token that enrolls clients, as ``enrollmentToken(name:hours:by:)`` does.
    package func issueEnrollmentToken(
        name: String,
        hours: Int,
        by caller: Identity
    ) async throws(TokenError) -> IssuedToken {
        let token = try enrollmentToken(name: name, hours: hours, by: caller)
        try await record(token.id, .enrollment, .enrollment, name, until: token.expiresAt, by: caller)
        return token
    }

    private func recorded(_ pair: TokenPair, by caller: Identity) async throws(TokenError) -> TokenPair {
        let expiresAt = pair.refresh.expiresAt
        try await record(pair.family, .family, pair.access.role, pair.subject, until: expiresAt, by: caller)
        return pair
    }

    private func record(
        _ id: String,
        _ kind: TokenRecord.Kind,
        _ role: Role,
        _ subject: String,
        until expiresAt: Timestamp,
        by caller: Identity
    ) async throws(TokenError) {
        var record = TokenRecord(id: id, kind: kind, expiresAt: expiresAt)
        record.role = role
        record.subject = subject
        record.issuedAt = clock()
        record.issuedBy = caller.tokenID
        try await spent.add(record)
    }
}
