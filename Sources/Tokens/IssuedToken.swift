package import JSON

/// A new token.
///
/// Its text is a credential: it is returned to the client, and neither logged nor stored.
package struct IssuedToken: Sendable, Hashable {
    package let text: String
    /// The claim `jti`, with which the token can be revoked.
    package let id: String
    package let role: Role
    package let expiresAt: Timestamp
}

/// An access token and the refresh token for its renewal.
package struct TokenPair: Sendable, Hashable {
    /// The subject of both tokens; for a client the client's id.
    package let subject: String
    /// The id of the tokens that are issued one after the other from these on; revoking it revokes all of them.
    package let family: String
    package let access: IssuedToken
    package let refresh: IssuedToken
}
