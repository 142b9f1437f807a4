internal import HTTPTypes
internal import Hummingbird
internal import Tokens

/// Authorizes requests for their endpoints.
///
/// It runs after routing: an unknown path is 404 for all clients, with or without a token, as in FEDn.
struct AccessControl: Sendable {
    /// Verifies tokens; nil if authentication is off.
    let authority: TokenAuthority?

    /// Returns the identity of the caller; nil if authentication is off or the endpoint is open.
    ///
    /// Without an authority the header is ignored: edge clients that have no token send `Bearer None`.
    ///
    /// - Throws: ``TokenError``; ``RequestError/insufficientRole(_:)``.
    func authorize(_ request: Request, to endpoint: Endpoint) throws -> Identity? {
        guard let authority else { return nil }
        guard let roles = endpoint.access.roles else { return nil }
        let identity = try authority.verify(authorization: request.headers[.authorization])
        guard roles.contains(identity.role) else { throw RequestError.insufficientRole(identity.role.rawValue) }
        return identity
    }
}

extension Endpoint.Access {
    /// The roles that have access; nil for everyone.
    var roles: Set<Role>? {
        switch self {
        case .open: nil
        case .participants: [.admin, .client, .combiner]
        case .admin: [.admin]
        case .enrollment: [.enrollment, .admin]
        }
    }
}
