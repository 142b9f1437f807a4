package import JSON

/// Who a caller is and what it may do, as its token said and its signature proved.
package struct Identity: Sendable, Hashable {
    /// The claim `sub`: of a client's token the client's id.
    package let subject: String
    package let role: Role
    /// The claim `jti`, which every token made here has; one made elsewhere with the same secret may have none.
    package let tokenID: String?
    /// When the token was made; the earliest moment where it does not say.
    package let issuedAt: Timestamp
    /// From this moment on the token is worth nothing.
    package let expiresAt: Timestamp

    package init(
        subject: String,
        role: Role,
        tokenID: String?,
        issuedAt: Timestamp,
        expiresAt: Timestamp
    ) {
        self.subject = subject
        self.role = role
        self.tokenID = tokenID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    /// Whoever can read the secret's file, and so needs no token: the operator at the command line.
    package static let `operator` = Identity(
        subject: "operator",
        role: .admin,
        tokenID: nil,
        issuedAt: .latest,
        expiresAt: .latest
    )
}
