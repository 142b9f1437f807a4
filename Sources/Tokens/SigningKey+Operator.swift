package import JSON

extension SigningKey {
    /// Returns an API key for the operator, who can read the secret; needs neither a server nor a store.
    ///
    /// - Precondition: the role opens endpoints, and `days` is in ``TokenAuthority/apiKeyDays``.
    package func apiKey(for subject: String, role: Role, days: Int, now: Timestamp = .now()) -> IssuedToken {
        precondition(role.opensEndpoints && TokenAuthority.apiKeyDays.contains(days), "the arguments were validated")
        let id = UniqueID.random()
        var claims = Claims(
            subject: subject,
            role: role,
            tokenID: id,
            issuedAt: now,
            expiresAt: now.advanced(by: .seconds(days * 86_400)).wholeSecond
        )
        claims.isAPIKey = true
        return IssuedToken(
            text: JSONWebToken.sign(claims.object, with: self),
            id: id,
            role: role,
            expiresAt: claims.expiresAt
        )
    }
}
