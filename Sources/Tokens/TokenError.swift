package import JSON
package import Store

/// A token that was rejected or could not be issued.
///
/// No case contains a token or a part of one.
package enum TokenError: Error, Sendable, Equatable {
    // The request's header. The answers are the texts of the official server, each with status 401.

    /// There is no token: `Missing token`.
    case missing
    /// The scheme is not `Bearer`: `Invalid token scheme, expected Bearer`.
    case wrongScheme

    // The token.

    /// The token is invalid, or not accepted by this endpoint: `Invalid token`. The flaw is logged, not returned.
    case invalid(TokenFlaw)
    /// The token is expired: `Token expired`.
    case expired(at: Timestamp)

    // Issuing.

    /// The caller may not issue tokens of this role or for this subject.
    case notPermitted(role: Role)
    /// The lifetime is not in this range, in the unit of the request.
    case unacceptableLifetime(allowed: ClosedRange<Int>)
    /// The caller's token was issued through too many others to issue more.
    case tooManyIssuers
    /// The subject does not have 1 to ``TokenAuthority/subjectByteCountMax`` bytes.
    case unacceptableSubject

    // The stored state of tokens.

    /// The store failed: the validity of the token is unknown, and no token was issued.
    case store(StoreError)
}

/// The reason for which a token is invalid.
package enum TokenFlaw: Sendable, Hashable {
    /// The token is longer than ``TokenAuthority/byteCountMax``; it was not parsed.
    case tooLong
    /// The token does not consist of three parts in canonical base64url, of which the first two are JSON objects
    /// without duplicate members.
    case malformed
    /// The header names another algorithm than the key's, or a critical extension.
    case algorithm
    /// The signature was not made with this server's key.
    case signature
    /// A claim is missing or invalid.
    case claim(String)
    /// The time of `nbf` is in the future.
    case notYetValid
    /// The token has a role that this endpoint does not accept.
    case purpose(Role)
    /// The token was revoked: itself, a token or family under whose authority it was issued, its subject, or its role.
    case revoked
    /// The refresh token was used before; its whole family is now revoked.
    case reused
}
