package import JSON

/// The authenticated caller of a request and its role, from a verified token.
package struct Identity: Sendable, Hashable {
    /// The claim `sub`; in a client's token the client's id.
    package let subject: String
    package let role: Role
    /// The claim `jti`; nil only for tokens that another program signed with the same secret.
    package let tokenID: String?
    /// The time of issue (`iat`); ``JSON/Timestamp/earliest`` if the token has none.
    package let issuedAt: Timestamp
    /// The time from which on the token is invalid.
    package let expiresAt: Timestamp
    /// Whether it is an API key, which the official client sends unchanged.
    var isAPIKey = false
    var provenance = Provenance()

    /// The operator at the command line, who can read the secret and therefore needs no token.
    package static let `operator` = Identity(
        subject: "operator",
        role: .admin,
        tokenID: nil,
        issuedAt: .latest,
        expiresAt: .latest
    )
}
