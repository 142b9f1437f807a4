internal import JSON

/// What a revocation applies to.
///
/// Shape: its text is the key of a document: `role:admin`, `client:edge-7`, `token:0c1d…`, `family:0c1d…`.
enum RevocationScope: Sendable, Hashable {
    /// The tokens of a role that were issued before the revocation.
    case role(Role)
    /// The tokens of a subject with a role that were issued before the revocation.
    case subject(String, Role)
    /// The token or the family with this id, and every token issued under its authority.
    case token(String)
    /// The tokens of the family of refresh tokens, and those issued with them, except the tokens of enrolled clients.
    case family(String)

    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "role":
            guard let role = Role(rawValue: name) else { return nil }
            self = .role(role)
        case "token": self = .token(name)
        case "family": self = .family(name)
        default:
            guard let role = Role(rawValue: String(text[..<colon])) else { return nil }
            self = .subject(name, role)
        }
    }

    var text: String {
        switch self {
        case .role(let role): "role:\(role.rawValue)"
        case .subject(let subject, let role): "\(role.rawValue):\(subject)"
        case .token(let id): "token:\(id)"
        case .family(let id): "family:\(id)"
        }
    }

    /// Returns the time before which a token must have been issued to be revoked by a revocation at `time`.
    func end(of time: Timestamp) -> Timestamp {
        switch self {
        case .role, .subject: time
        case .token, .family: .latest
        }
    }
}

extension Identity {
    /// Everything whose revocation revokes this token.
    var scopes: [RevocationScope] {
        let role = role.access
        return [.role(role), .subject(subject, role)] + (tokenID.map { [.token($0)] } ?? [])
            + provenance.issuers.flatMap { [.family($0), .token($0)] } + provenance.enrollers.map { .token($0) }
    }
}
