package import JSON
internal import Store

/// What is stored about an issued token, for the administrators' list; not the token itself.
///
/// Shape:
///
///     {"scope":"token:0c1d…","kind":"api_key","role":"client","subject":"edge-7","issued_at":"…","issued_by":"5a5b…",
///      "expires_at":"…"}
///     {"scope":"family:0c1d…","kind":"family","role":"admin","subject":"ann","issued_at":"…","issued_by":"5a5b…",
///      "generation":3,"rotated_at":"…","expires_at":"…","revoked":false}
///
/// An administrator's revocation adds `revoked_at`. A token that another program signed, such as `ledge token`, has a
/// document only after its revocation.
package struct TokenRecord: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case apiKey = "api_key"
        case enrollment
        /// The refresh tokens, and their access tokens, of one log-in or of one enrolled client.
        case family
        /// Revoked by its id, and not issued by this server.
        case other
    }

    package let id: String
    package let kind: Kind
    package var role: Role?
    package var subject: String?
    package var issuedAt: Timestamp?
    /// The id of the token under whose authority it was issued.
    package var issuedBy: String?
    /// When a refresh token of the family was used last.
    package var usedAt: Timestamp?
    package var isRevoked = false
    /// The expiry of the token, or of the family's newest one; of a revoked one, when its record is deleted.
    package let expiresAt: Timestamp
}

extension TokenRecord {
    /// The conditions and the page of a list.
    package struct Filter: Sendable {
        /// The maximum number of records in one page.
        package static let limitMax = 1000

        var role: Role?
        var subject: String?
        var skip: Int
        var limit: Int

        package init(role: Role? = nil, subject: String? = nil, skip: Int = 0, limit: Int? = nil) {
            self.role = role
            self.subject = subject
            self.skip = skip
            self.limit = min(limit ?? Self.limitMax, Self.limitMax)
        }
    }
}

/// The record as a document.
extension TokenRecord {
    /// Reads a document; nil for a revocation of a subject or a role, or a malformed one.
    init?(_ document: Document) {
        guard
            let object = document.object,
            let kind = object["kind"]?.string.flatMap(Kind.init),
            let expiresAt = object["expires_at"]?.string.flatMap({ Timestamp(parsing: $0) })
        else { return nil }
        switch RevocationScope(document.id) {
        case .token(let id), .family(let id): self.init(id: id, kind: kind, expiresAt: expiresAt)
        case .role, .subject, nil: return nil
        }
        role = object["role"]?.string.flatMap(Role.init)
        subject = object["subject"]?.string
        issuedAt = object["issued_at"]?.string.flatMap { Timestamp(parsing: $0) }
        issuedBy = object["issued_by"]?.string
        if let generation = object["generation"]?.int, generation > 0 {
            usedAt = object["rotated_at"]?.string.flatMap { Timestamp(parsing: $0) }
        }
        isRevoked = object["revoked_at"]?.string != nil || object["revoked"] == true
    }

    /// The members that identify the owner of a family.
    static func owner(_ role: Role, _ subject: String) -> JSONObject {
        ["kind": .string(Kind.family.rawValue), "role": .string(role.rawValue), "subject": .string(subject)]
    }

    /// The members of the document without its key.
    var members: JSONObject {
        var members: JSONObject = [
            "kind": .string(kind.rawValue), "role": JSON(role?.rawValue), "subject": JSON(subject),
            "issued_at": JSON(issuedAt), "issued_by": JSON(issuedBy), "expires_at": .string(expiresAt.description),
        ]
        if kind == .family, let issuedAt {
            let family = TokenFamily(generation: 0, rotatedAt: issuedAt, expiresAt: expiresAt)
            members = members.merging(family.members)
        }
        return members
    }
}
