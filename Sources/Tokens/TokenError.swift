package import JSON
package import Store

/// Why a token was not accepted, or not made.
///
/// None of them holds a token or a part of one.
package enum TokenError: Error, Sendable, Equatable {
    // The request's header. The answers are the texts of the official server, each with 401.

    /// There is no token: `Missing token`.
    case missing
    /// It is not a bearer token: `Invalid token scheme, expected Bearer`.
    case wrongScheme

    // The token.

    /// It is not a token of ours, or not one for this: `Invalid token`. The flaw is for the log, not for the caller.
    case invalid(TokenFlaw)
    /// It was ours, until this moment: `Token expired`.
    case expired(at: Timestamp)

    // Making one.

    /// The caller may not make tokens of this role, or not for that subject.
    case notPermitted(role: Role)
    /// A lifetime is not in this range, in the request's own unit.
    case unacceptableLifetime(allowed: ClosedRange<Int>)
    /// The subject of a token must have 1 to ``TokenAuthority/subjectByteCountMax`` bytes.
    case unacceptableSubject

    // What is remembered about tokens.

    /// The store could not answer, or not remember: nobody knows whether the token is good, and none was made.
    case store(StoreError)
}

/// What is wrong with a token that is refused.
package enum TokenFlaw: Sendable, Hashable {
    /// It is longer than ``TokenAuthority/byteCountMax``; nothing else was looked at.
    case tooLong
    /// It is not three parts in canonical base64url, the first two JSON objects that have each member once.
    case malformed
    /// Its header names another algorithm than the key's, or an extension that must be understood.
    case algorithm
    /// The key did not sign it.
    case signature
    /// A claim is missing or is not what it should be.
    case claim(String)
    /// It is for a later time.
    case notYetValid
    /// It is for another purpose than this endpoint's.
    case purpose(Role)
    /// Its subject's tokens, or all of its family, were revoked after it was made.
    case revoked
    /// It is a refresh token that was used before; its whole family is revoked now.
    case reused
}
