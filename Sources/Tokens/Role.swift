/// The permissions of a token.
///
/// Shape: the text of the claim `role`. The first three roles open endpoints. Each of the others is accepted by a
/// single endpoint. The official client reads the claim without verifying the token, and handles the token by its role.
package enum Role: String, Sendable, Hashable, CaseIterable {
    /// Opens all endpoints.
    case admin
    /// Opens the endpoints of edge clients.
    case client
    /// Opens the endpoints of combiners.
    case combiner

    /// Enrolls any number of clients at `clients/enroll`.
    case enrollment
    /// Renews the tokens of a client at `clients/token`.
    case clientRefresh = "client_refresh"
    /// Renews the tokens of an admin at `/api/auth/refresh`.
    case adminRefresh = "admin_refresh"
    /// Renews the tokens of a combiner at `/api/auth/refresh`.
    case combinerRefresh = "combiner_refresh"
}

extension Role {
    /// Whether endpoints may accept this role; false for single-purpose roles.
    package var opensEndpoints: Bool {
        switch self {
        case .admin, .client, .combiner: true
        case .enrollment, .clientRefresh, .adminRefresh, .combinerRefresh: false
        }
    }

    /// The role of the access tokens that a refresh token of this role renews; nil for other tokens.
    package var refreshed: Role? {
        switch self {
        case .adminRefresh: .admin
        case .clientRefresh: .client
        case .combinerRefresh: .combiner
        case .admin, .client, .combiner, .enrollment: nil
        }
    }

    /// The role itself, or the one of the access tokens that it renews; both are revoked together.
    var access: Role { refreshed ?? self }

    /// The role of the refresh tokens that renew access tokens of this role; nil for single-purpose roles.
    var refreshRole: Role? {
        switch self {
        case .admin: .adminRefresh
        case .client: .clientRefresh
        case .combiner: .combinerRefresh
        case .enrollment, .clientRefresh, .adminRefresh, .combinerRefresh: nil
        }
    }

    /// The endpoint that accepts refresh tokens of this role; nil for other tokens.
    var refreshEndpoint: RefreshEndpoint? {
        switch self {
        case .clientRefresh: .clients
        case .adminRefresh, .combinerRefresh: .others
        case .admin, .client, .combiner, .enrollment: nil
        }
    }
}

/// The endpoint for a refresh token; the official client selects it by the token's role.
package enum RefreshEndpoint: Sendable, Hashable {
    /// `POST /api/v1/clients/token`, for clients.
    case clients
    /// `POST /api/auth/refresh`, for admins and combiners.
    case others
}
