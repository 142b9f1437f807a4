internal import JSON

/// Issuing of tokens. Every function takes the caller's identity, and a caller cannot get more permissions than it has.
///
/// A token does not outlive the caller's own, or its log-in, and is revoked with it; see ``Provenance``. Only an enrolled
/// client depends on neither.
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
        let provenance = try Provenance(issuedBy: caller)
        return access(subject, role, provenance, at: now, until: caller.issuesUntil(at: now))
    }

    /// Returns an access token and the first refresh token of a new family, for a log-in.
    ///
    /// - Throws: As ``accessToken(for:role:by:)`` does.
    func pair(for subject: String, role: Role, by caller: Identity) throws(TokenError) -> TokenPair {
        let now = stamp()
        try permit(role, for: subject, by: caller)
        var provenance = try Provenance(issuedBy: caller)
        provenance.issuesUntil = caller.issuesUntil(at: now).wholeSecond
        return newFamily(subject, role, provenance, at: now)
    }

    /// Returns the tokens of a new client; the caller has the role ``Role/enrollment`` or ``Role/admin``.
    ///
    /// An enrollment token can be used for any number of clients, and repeatedly for the same client.
    ///
    /// - Throws: As ``accessToken(for:role:by:)`` does.
    func enroll(_ clientID: String, by caller: Identity) throws(TokenError) -> TokenPair {
        let now = stamp()
        guard caller.role == .enrollment || caller.role == .admin else { throw .notPermitted(role: .client) }
        try checkCaller(caller)
        try checkSubject(clientID)
        return newFamily(clientID, .client, try Provenance(enrolledBy: caller), at: now)
    }

    /// Returns an API key for the caller's own subject, which the official client sends unchanged.
    ///
    /// - Throws: ``TokenError/unacceptableLifetime(allowed:)`` outside ``apiKeyDays``, and the errors of
    ///   ``accessToken(for:role:by:)``.
    func apiKey(role: Role, days: Int, by caller: Identity) throws(TokenError) -> IssuedToken {
        let now = stamp()
        guard Self.apiKeyDays.contains(days) else { throw .unacceptableLifetime(allowed: Self.apiKeyDays) }
        try permit(role, for: caller.subject, by: caller)
        var claims = try claims(caller.subject, role, from: now, for: .seconds(days * 86_400), by: caller)
        claims.isAPIKey = true
        return issue(claims)
    }

    /// Returns a token that enrolls clients; `name` becomes its subject.
    ///
    /// - Throws: ``TokenError/unacceptableLifetime(allowed:)`` outside ``enrollmentHours``,
    ///   ``TokenError/notPermitted(role:)`` unless the caller is an admin, or ``TokenError/unacceptableSubject``.
    func enrollmentToken(name: String, hours: Int, by caller: Identity) throws(TokenError) -> IssuedToken {
        let now = stamp()
        guard Self.enrollmentHours.contains(hours) else { throw .unacceptableLifetime(allowed: Self.enrollmentHours) }
        guard caller.role == .admin else { throw .notPermitted(role: .enrollment) }
        try checkCaller(caller)
        try checkSubject(name)
        return issue(try claims(name, .enrollment, from: now, for: .seconds(hours * 3600), by: caller))
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

    /// Rejects a caller whose token was revoked or has expired since its identity was verified.
    private func checkCaller(_ caller: Identity) throws(TokenError) {
        guard clock() < caller.expiresAt else { throw .expired(at: caller.expiresAt) }
        guard try !spent.isRevoked(caller) else { throw .invalid(.revoked) }
    }

    private func checkSubject(_ subject: String) throws(TokenError) {
        guard (1...Self.subjectByteCountMax).contains(subject.utf8.count) else { throw .unacceptableSubject }
    }

    private func newFamily(
        _ subject: String,
        _ role: Role,
        _ provenance: Provenance,
        at now: Timestamp
    ) -> TokenPair {
        var provenance = provenance
        let family = UniqueID.random()
        provenance.issuers.append(family)
        return pair(
            subject,
            role,
            Claims.Lineage(family: family, generation: 0),
            provenance,
            at: now,
            until: refreshExpiry(from: now, provenance)
        )
    }

    /// Returns an access token, and a refresh token with the given lineage.
    func pair(
        _ subject: String,
        _ role: Role,
        _ lineage: Claims.Lineage,
        _ provenance: Provenance,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) -> TokenPair {
        guard let refreshRole = role.refreshRole else { preconditionFailure("\(role) has no refresh tokens") }
        var claims = claims(subject, refreshRole, provenance, from: now, until: expiresAt)
        claims.lineage = lineage
        var ofAccess = provenance
        ofAccess.issuesUntil = expiresAt
        return TokenPair(
            subject: subject,
            family: lineage.family,
            access: access(subject, role, ofAccess, at: now, until: expiresAt),
            refresh: issue(claims)
        )
    }

    /// Returns the expiry of a refresh token that is issued now.
    func refreshExpiry(from now: Timestamp, _ provenance: Provenance) -> Timestamp {
        min(now.advanced(by: options.refreshLifetime), provenance.issuesUntil ?? .latest).wholeSecond
    }

    private func access(
        _ subject: String,
        _ role: Role,
        _ provenance: Provenance,
        at now: Timestamp,
        until expiresAt: Timestamp
    ) -> IssuedToken {
        let end = min(now.advanced(by: options.accessLifetime), expiresAt)
        return issue(claims(subject, role, provenance, from: now, until: end))
    }

    /// The claims of a token that expires after `lifetime`, or when the caller may no longer issue any.
    private func claims(
        _ subject: String,
        _ role: Role,
        from now: Timestamp,
        for lifetime: Duration,
        by caller: Identity
    ) throws(TokenError) -> Claims {
        let end = min(now.advanced(by: lifetime), caller.issuesUntil(at: now))
        return claims(subject, role, try Provenance(issuedBy: caller), from: now, until: end)
    }

    private func claims(
        _ subject: String,
        _ role: Role,
        _ provenance: Provenance,
        from now: Timestamp,
        until expiresAt: Timestamp
    ) -> Claims {
        Claims(
            subject: subject,
            role: role,
            tokenID: UniqueID.random(),
            issuedAt: now,
            expiresAt: expiresAt.wholeSecond,
            provenance: provenance
        )
    }
}
