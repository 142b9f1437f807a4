internal import JSON

/// Making tokens. Each needs the identity of who asks for it, and nobody gets more than they have.
extension TokenAuthority {
    /// Returns a token that opens endpoints for a short time.
    ///
    /// - Throws: ``TokenError/notPermitted(role:)``, ``TokenError/unacceptableSubject``,
    ///   ``TokenError/invalid(_:)`` where the caller's own tokens were revoked meanwhile.
    package func accessToken(
        for subject: String,
        role: Role,
        by caller: Identity
    ) throws(TokenError) -> IssuedToken {
        let now = stamp()
        try permit(role, for: subject, by: caller)
        return access(subject, role, at: now)
    }

    /// Returns an access token and the first refresh token of a new family: what a log-in ends with.
    ///
    /// - Throws: As ``accessToken(for:role:by:)`` does.
    package func pair(for subject: String, role: Role, by caller: Identity) throws(TokenError) -> TokenPair {
        let now = stamp()
        try permit(role, for: subject, by: caller)
        return newFamily(subject, role, at: now)
    }

    /// Returns the tokens of a client that enrolls, which has the role ``Role/enrollment``; an admin may do it too.
    ///
    /// The same token enrolls any number of clients, and the same client any number of times.
    ///
    /// - Throws: As ``accessToken(for:role:by:)`` does.
    package func enroll(_ clientID: String, by caller: Identity) throws(TokenError) -> TokenPair {
        guard caller.role == .enrollment else { return try pair(for: clientID, role: .client, by: caller) }
        let now = stamp()
        try checkSubject(clientID)
        return newFamily(clientID, .client, at: now)
    }

    /// Returns a token the official client sends as it is, for the caller's own subject.
    ///
    /// - Throws: ``TokenError/unacceptableLifetime(allowed:)`` outside ``apiKeyDays``; the rest as
    ///   ``accessToken(for:role:by:)`` does.
    package func apiKey(role: Role, days: Int, by caller: Identity) throws(TokenError) -> IssuedToken {
        let now = stamp()
        guard Self.apiKeyDays.contains(days) else { throw .unacceptableLifetime(allowed: Self.apiKeyDays) }
        try permit(role, for: caller.subject, by: caller)
        var claims = claims(caller.subject, role, from: now, for: .seconds(days * 86_400))
        claims.isAPIKey = true
        return issue(claims)
    }

    /// Returns a token that enrolls clients; its name, chosen by whoever asks, becomes its subject.
    ///
    /// - Throws: ``TokenError/unacceptableLifetime(allowed:)`` outside ``enrollmentHours``; ``TokenError/notPermitted(role:)``
    ///   for anybody but an admin; ``TokenError/unacceptableSubject`` for the name.
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
    /// Refuses what is more than the caller has: an admin may make tokens of every role that opens endpoints, for
    /// anybody; others only of their own role, for themselves; a token for a single purpose makes none.
    private func permit(_ role: Role, for subject: String, by caller: Identity) throws(TokenError) {
        let isOwn = role == caller.role && subject == caller.subject
        guard role.opensEndpoints, caller.role == .admin || isOwn else { throw .notPermitted(role: role) }
        try checkCaller(caller)
        try checkSubject(subject)
    }

    /// Refuses a caller whose tokens were revoked between being verified and now.
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

    /// An access token, and a refresh token that stands there in its family.
    func pair(
        _ subject: String,
        _ role: Role,
        _ lineage: Claims.Lineage,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) -> TokenPair {
        guard let refreshing = role.refreshing else { preconditionFailure("\(role) has no refresh tokens") }
        var claims = claims(subject, refreshing, from: now, for: .zero)
        claims.expiresAt = expiresAt
        claims.lineage = lineage
        return TokenPair(subject: subject, access: access(subject, role, at: now), refresh: issue(claims))
    }

    /// When a refresh token that is made now expires.
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
