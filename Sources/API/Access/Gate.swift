internal import HTTPTypes
internal import Hummingbird
internal import Tokens

/// Lets a request through to its endpoint, or not.
///
/// It stands behind the router: a path nobody answers is 404 for everyone, as in FEDn.
struct Gate: Sendable {
    /// Verifies tokens; nil where the server asks for none.
    let authority: TokenAuthority?

    /// Returns who the caller is; nil where nobody asked.
    ///
    /// Without an authority the header is not even looked at: edge clients that have no token send `Bearer None`.
    ///
    /// - Throws: ``TokenError``; ``RequestError/insufficientRole(_:)``.
    func admit(_ request: Request, to endpoint: Endpoint) throws -> Identity? {
        guard let authority else { return nil }
        guard let roles = endpoint.access.roles else { return nil }
        let identity = try authority.verify(authorization: request.headers[.authorization])
        guard roles.contains(identity.role) else { throw RequestError.insufficientRole(identity.role.rawValue) }
        return identity
    }
}

extension Endpoint.Access {
    /// The roles that are let in; nil for everyone.
    var roles: Set<Role>? {
        switch self {
        case .open: nil
        case .participants: [.admin, .client, .combiner]
        case .admin: [.admin]
        case .enrollment: [.enrollment, .admin]
        }
    }
}
