package import JSON

/// A token that was just made.
///
/// Its text is the credential itself: it goes into the answer and nowhere else.
package struct IssuedToken: Sendable, Hashable {
    package let text: String
    package let role: Role
    package let expiresAt: Timestamp
}

/// An access token, and the refresh token that gets the next one.
package struct TokenPair: Sendable, Hashable {
    /// Whose tokens they are: of a client's the client's id.
    package let subject: String
    package let access: IssuedToken
    package let refresh: IssuedToken
}
