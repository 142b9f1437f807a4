internal import JSON

/// Issuing of tokens. Every function takes the caller's identity, and a caller cannot get more permissions than it has.
extension TokenAuthority {
    /// Returns an access token, which opens endpoints for a short time.
    ///
    /// - Throws: ``TokenError/notPermitted(role:)``, ``TokenError/unacceptableSubject``, or ``TokenError/invalid(_:)``
    ///   if the caller's tokens have been revoked in the meantime.
    package func accessToken(
        for subject: String,
        role: Role,
        by caller: Identity
    ) throws(TokenError) -> IssuedToken {
        let now = stamp()
        try permit(role, for: subject, by: caller)
        return access(subject, role, at: now)
    }

    /// Returns an access token and the first refresh token of a new family, for a log-in.
    ///
    /// - Throws: As ``accessToken(for:role:by:)`` does.
    package func pair(for subject: String, role: Role, by caller: Identity) throws(TokenError) -> TokenPair {
        let now = stamp()
        try permit(role, for: subject, by: caller)
        return newFamily(subject, role, at: now)
    }

    /// Returns the tokens of a new client; the caller has the role ``Role/enrollment`` or ``Role/admin``.
    ///
    /// An enrollment token can be used for any number of clients, and repeatedly for the same client.
    ///
    /// - Throws: As ``accessToken(for:role:by:)`` does.
    package func enroll(_ clientID: String, by caller: Identity) throws(TokenError) -> TokenPair {
        guard caller.role == .enrollment else { return try pair(for: clientID, role: .client, by: caller) }
        let now = stamp()
        try checkSubject(clientID)
        return newFamily(clientID, .client, at: now)
    }

    /// Returns an API key for the caller's own subject, which the official client sends unchanged.
    ///
    /// - Throws: ``TokenError/unacceptableLifetime(allowed:)`` outside ``apiKeyDays``, and the errors of
    ///   ``accessToken(for:role:by:)``.
    package func apiKey(role: Role, days: Int, by caller: Identity) throws(TokenError) -> IssuedToken {
        let now = stamp()
        guard Self.apiKeyDays.contains(days) else { throw .unacceptableLifetime(allowed: Self.apiKeyDays) }
        try permit(role, for: caller.subject, by: caller)
        var claims = claims(caller.subject, role, from: now, for: .seconds(days * 86_400))
        claims.isAPIKey = true
        return issue(claims)
    }

    /// Returns a token that enrolls clients; `name` becomes its subject.
    ///
    /// - Throws: ``TokenError/unacceptableLifetime(allowed:)`` outside ``enrollmentHours``,
    ///   ``TokenError/notPermitted(role:)`` unless the caller is an admin, or ``TokenError/unacceptableSubject``.
    package func enrollmentToken(name: String, hours: Int, by caller: Identity) throws(TokenError) -> IssuedToken {
        let now = stamp()
        guard Self.enrollmentHours.contains(hours) else { throw .unacceptableLifetime(allowed: Self.enrollmentHours) }
        guard caller.role == .admin else { throw .notPermitted(role: .enrollment) }
        try checkCaller(caller)
        try checkSubject(name)
        return issue(claims(name, .enrollment, from: now, for: .seconds(hours * 3600)))
    }
}

extension TokenAuthority {
    /// Checks the caller's permission to issue a token.
    ///
    /// An admin may issue tokens of every role that opens endpoints, for any subject. Other roles may issue tokens of
    /// their own role for their own subject. Single-purpose roles may issue none.
    private func permit(_ role: Role, for subject: String, by caller: Identity) throws(TokenError) {
        let isOwn = role == caller.role && subject == caller.subject
        guard role.opensEndpoints, caller.role == .admin || isOwn else { throw .notPermitted(role: role) }
        try checkCaller(caller)
        try checkSubject(subject)
    }

    /// Rejects a caller whose tokens were revoked since its identity was verified.
    private func checkCaller(_ caller: Identity) throws(TokenError) {
        guard try !spent.isRevoked(caller.subject, caller.role, issuedAt: caller.issuedAt) else {
            throw .invalid(.revoked)
        }
    }

    private func checkSubject(_ subject: String) throws(TokenError) {
        guard (1...Self.subjectByteCountMax).contains(subject.utf8.count) else { throw .unacceptableSubject }
    }

    private func newFamily(_ subject: String, _ role: Role, at now: Timestamp) -> TokenPair {
        pair(
            subject,
            role,
            Claims.Lineage(family: UniqueID.random(), generation: 0),
            at: now,
            until: refreshExpiry(from: now)
        )
    }

    /// Returns an access token, and a refresh token with the given lineage.
    func pair(
        _ subject: String,
        _ role: Role,
        _ lineage: Claims.Lineage,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) -> TokenPair {
        guard let refreshRole = role.refreshRole else { preconditionFailure("\(role) has no refresh tokens") }
        var claims = claims(subject, refreshRole, from: now, for: .zero)
        claims.expiresAt = expiresAt
        claims.lineage = lineage
        return TokenPair(subject: subject, access: access(subject, role, at: now), refresh: issue(claims))
    }

    /// Returns the expiry of a refresh token that is issued now.
    func refreshExpiry(from now: Timestamp) -> Timestamp {
        now.advanced(by: options.refreshLifetime).wholeSecond
    }

    private func access(_ subject: String, _ role: Role, at now: Timestamp) -> IssuedToken {
        issue(claims(subject, role, from: now, for: options.accessLifetime))
    }

    private func claims(_ subject: String, _ role: Role, from now: Timestamp, for lifetime: Duration) -> Claims {
        Claims(
            subject: subject,
            role: role,
            tokenID: UniqueID.random(),
            issuedAt: now,
            expiresAt: now.advanced(by: lifetime).wholeSecond
        )
    }
}
