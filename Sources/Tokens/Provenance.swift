internal import JSON

/// The tokens under whose authority a token was issued.
///
/// Shape: ids of tokens and of families, oldest first. A family has the tokens of one log-in or one enrolled client.
///
///     API key K → log-in F → access token A → enrollment token E → client: family G, and its access tokens
///     issuers:    [K, F]     [K, F]           [K, F, A]            [G]
///     enrollers:                                                   [K, F, A, E]
struct Provenance: Sendable, Hashable {
    /// The maximum number of ids, which limits the length of a token.
    static let idCountMax = 16

    /// Revoking one of these revokes the token, and so does the second use of a refresh token of one of these families.
    var issuers: [String] = []
    /// An administrator who revokes one of these revokes the token; otherwise an enrolled client does not depend on
    /// them, so that a log-in that ends does not disconnect the clients that were enrolled under it.
    var enrollers: [String] = []
    /// The latest expiry of the tokens that may be issued with this one; nil for its own expiry.
    var issuesUntil: Timestamp?
}

extension Provenance {
    /// The provenance of tokens that the caller issues; they must expire when the caller may no longer issue any.
    init(issuedBy caller: Identity) throws(TokenError) {
        self = caller.provenance
        issuesUntil = nil
        if let id = caller.tokenID { issuers.append(id) }
        try checkCount()
    }

    /// The provenance of the tokens of a client that the caller enrolls.
    init(enrolledBy caller: Identity) throws(TokenError) {
        enrollers = caller.provenance.enrollers + caller.provenance.issuers + (caller.tokenID.map { [$0] } ?? [])
        try checkCount()
    }

    private func checkCount() throws(TokenError) {
        // One more is the family's own.
        guard issuers.count + enrollers.count < Self.idCountMax else { throw .tooManyIssuers }
    }
}

extension Identity {
    /// Returns the latest expiry of a token that this caller issues: its own expiry, or that of its log-in.
    ///
    /// An administrator's key that no other token issued may issue tokens for as long as its own whole lifetime.
    func issuesUntil(at now: Timestamp) -> Timestamp {
        if let until = provenance.issuesUntil { return until }
        let isOperators = role == .admin && isAPIKey && provenance.issuers.isEmpty && issuedAt > .earliest
        return isOperators ? now.advanced(by: expiresAt.duration(since: issuedAt)) : expiresAt
    }
}
