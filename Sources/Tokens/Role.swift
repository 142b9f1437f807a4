/// What the bearer of a token may do.
///
/// Shape: the text of the claim `role`. The first three open endpoints. The others open none but the one they are for,
/// so an endpoint that asks for a role of the first three refuses them without knowing that they exist. Which of the
/// others a token has decides what the official client does with it; it reads the claim without verifying the token.
package enum Role: String, Sendable, Hashable, CaseIterable {
    /// Everything.
    case admin
    /// What an edge client does.
    case client
    /// What a combiner does.
    case combiner

    /// Enrolling clients, any number of them, at `clients/enroll`.
    case enrollment
    /// A new pair of tokens for a client, at `clients/token`.
    case clientRefresh = "client_refresh"
    /// A new pair of tokens for an admin, at `/api/auth/refresh`.
    case adminRefresh = "admin_refresh"
    /// A new pair of tokens for a combiner, at `/api/auth/refresh`.
    case combinerRefresh = "combiner_refresh"
}

extension Role {
    /// Whether an endpoint may be open to this role: not one of those for a single purpose.
    package var opensEndpoints: Bool {
        switch self {
        case .admin, .client, .combiner: true
        case .enrollment, .clientRefresh, .adminRefresh, .combinerRefresh: false
        }
    }

    /// The role whose tokens a refresh token of this role is exchanged for; nil for what is no refresh token.
    package var refreshed: Role? {
        switch self {
        case .adminRefresh: .admin
        case .clientRefresh: .client
        case .combinerRefresh: .combiner
        case .admin, .client, .combiner, .enrollment: nil
        }
    }

    /// The role of the refresh tokens that go with access tokens of this role; nil for a role that has none.
    var refreshing: Role? {
        switch self {
        case .admin: .adminRefresh
        case .client: .clientRefresh
        case .combiner: .combinerRefresh
        case .enrollment, .clientRefresh, .adminRefresh, .combinerRefresh: nil
        }
    }

    /// The endpoint that exchanges refresh tokens of this role; nil for what is no refresh token.
    var refreshEndpoint: RefreshEndpoint? {
        switch self {
        case .clientRefresh: .clients
        case .adminRefresh, .combinerRefresh: .others
        case .admin, .client, .combiner, .enrollment: nil
        }
    }
}

/// Where a refresh token is presented; the official client chooses by the token's role.
package enum RefreshEndpoint: Sendable, Hashable {
    /// `POST /api/v1/clients/token`, for clients.
    case clients
    /// `POST /api/auth/refresh`, for everybody else.
    case others
}
