internal import JSON

/// What a token says: the claims this server reads and writes.
///
/// Shape: `sub`, `role` and `exp` are in every token. `token_type` is `api_key` where the official client shall send
/// the token as it is. Refresh tokens have `family` and `generation`: a family are the tokens that came, one from the
/// other, from one log-in; the generation counts them. Source: RFC 7519, section 4.1.
struct Claims: Sendable, Hashable {
    /// Bytes of a `jti` or a `family` at most.
    private static let idByteCountMax = 256

    var subject: String
    var role: Role
    /// Different for each token.
    var tokenID: String?
    var issuedAt: Timestamp?
    var expiresAt: Timestamp
    var notBefore: Timestamp?
    var isAPIKey = false
    var lineage: Lineage?

    /// Where a refresh token stands among those of its family.
    struct Lineage: Sendable, Hashable {
        let family: String
        /// 0 for the first.
        let generation: Int64
    }
}

extension Claims {
    /// Reads verified claims.
    ///
    /// A token that is meant for somebody else by name (`aud`) is refused, because this server has no name
    /// (RFC 7519, section 4.1.3). Other claims are left alone.
    init(_ object: JSONObject) throws(TokenError) {
        guard object["aud"] == nil else { throw .invalid(.claim("aud")) }
        guard let role = try Self.text("role", of: object, byteCountMax: 64).flatMap(Role.init) else {
            throw .invalid(.claim("role"))
        }
        guard let subject = try Self.text("sub", of: object, byteCountMax: TokenAuthority.subjectByteCountMax) else {
            throw .invalid(.claim("sub"))
        }
        guard let expiresAt = try Self.moment("exp", of: object) else { throw .invalid(.claim("exp")) }
        self.role = role
        self.subject = subject
        self.expiresAt = expiresAt
        tokenID = try Self.text("jti", of: object, byteCountMax: Self.idByteCountMax)
        issuedAt = try Self.moment("iat", of: object)
        notBefore = try Self.moment("nbf", of: object)
        isAPIKey = object["token_type"] == .string(Self.apiKey)
        if let family = try Self.text("family", of: object, byteCountMax: Self.idByteCountMax) {
            guard let generation = object["generation"]?.int, generation >= 0, generation < .max else {
                throw .invalid(.claim("generation"))
            }
            lineage = Lineage(family: family, generation: generation)
        }
    }

    /// The claims as they are signed.
    ///
    /// `exp` is in whole seconds, as the official client expects. `iat` has microseconds, as RFC 7519 allows, so that
    /// it tells what was made before a revocation from what was made after.
    var object: JSONObject {
        var object: JSONObject = ["sub": .string(subject), "role": .string(role.rawValue)]
        if isAPIKey { object["token_type"] = .string(Self.apiKey) }
        if let lineage {
            object["family"] = .string(lineage.family)
            object["generation"] = .number(JSONNumber(lineage.generation))
        }
        if let tokenID { object["jti"] = .string(tokenID) }
        if let issuedAt { object["iat"] = issuedAt.numericDate }
        if let notBefore { object["nbf"] = notBefore.numericDate }
        object["exp"] = expiresAt.numericDate
        return object
    }

    private static let apiKey = "api_key"

    /// A text that is not empty; nil where the claim is missing, refused where it is anything else.
    private static func text(
        _ name: String,
        of object: JSONObject,
        byteCountMax: Int
    ) throws(TokenError) -> String? {
        guard let value = object[name] else { return nil }
        guard case .string(let text) = value, !text.isEmpty, text.utf8.count <= byteCountMax else {
            throw .invalid(.claim(name))
        }
        return text
    }

    /// A time; nil where the claim is missing, refused where it is none.
    private static func moment(_ name: String, of object: JSONObject) throws(TokenError) -> Timestamp? {
        guard let value = object[name] else { return nil }
        guard let moment = Timestamp(numericDate: value) else { throw .invalid(.claim(name)) }
        return moment
    }
}
