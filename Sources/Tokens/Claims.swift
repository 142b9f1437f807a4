internal import JSON

/// The claims of a token that this server reads and writes.
///
/// Shape: `sub`, `role` and `exp` are in every token. `token_type` is `api_key` if the official client should send the
/// token unchanged. Refresh tokens have `family` and `generation`: a family consists of the refresh tokens that were
/// issued one after the other since a log-in, and the generation numbers them. `issued_under`, `enrolled_under` and
/// `issues_until` are the ``Provenance``. Source: RFC 7519, section 4.1.
struct Claims: Sendable, Hashable {
    /// The maximum length of `jti` and `family` in bytes.
    private static let idByteCountMax = 256

    var subject: String
    var role: Role
    /// The unique id of the token (`jti`).
    var tokenID: String?
    var issuedAt: Timestamp?
    var expiresAt: Timestamp
    var notBefore: Timestamp?
    var isAPIKey = false
    var lineage: Lineage?
    var provenance = Provenance()

    /// The family of a refresh token and its number in the family.
    struct Lineage: Sendable, Hashable {
        let family: String
        /// 0 for the first token.
        let generation: Int64
    }
}

extension Claims {
    /// Parses the claims of a token whose signature was verified.
    ///
    /// A token with an audience (`aud`) is rejected, because this server is not named in any audience (RFC 7519,
    /// section 4.1.3). Other claims are ignored.
    init(_ object: JSONObject) throws(TokenError) {
        guard object["aud"] == nil else { throw .invalid(.claim("aud")) }
        guard let role = try Self.text("role", of: object, byteCountMax: 64).flatMap(Role.init) else {
            throw .invalid(.claim("role"))
        }
        guard let subject = try Self.text("sub", of: object, byteCountMax: TokenAuthority.subjectByteCountMax) else {
            throw .invalid(.claim("sub"))
        }
        guard let expiresAt = try Self.time("exp", of: object) else { throw .invalid(.claim("exp")) }
        self.role = role
        self.subject = subject
        self.expiresAt = expiresAt
        tokenID = try Self.text("jti", of: object, byteCountMax: Self.idByteCountMax)
        issuedAt = try Self.time("iat", of: object)
        notBefore = try Self.time("nbf", of: object)
        isAPIKey = object["token_type"] == .string(Self.apiKey)
        if let family = try Self.text("family", of: object, byteCountMax: Self.idByteCountMax) {
            guard let generation = object["generation"]?.int, generation >= 0, generation < .max else {
                throw .invalid(.claim("generation"))
            }
            lineage = Lineage(family: family, generation: generation)
        }
        provenance.issuers = try Self.ids("issued_under", of: object)
        provenance.enrollers = try Self.ids("enrolled_under", of: object)
        provenance.issuesUntil = try Self.time("issues_until", of: object)
        // Earlier versions did not name the family twice.
        if let family = lineage?.family, !provenance.issuers.contains(family) { provenance.issuers.append(family) }
    }

    /// The claims as a JSON object, as they are signed.
    ///
    /// `exp` is in whole seconds, as the official client expects. `iat` has microseconds, as RFC 7519 allows, to
    /// distinguish tokens issued before a revocation from those issued after it.
    var object: JSONObject {
        var object: JSONObject = ["sub": .string(subject), "role": .string(role.rawValue)]
        if isAPIKey { object["token_type"] = .string(Self.apiKey) }
        if let lineage {
            object["family"] = .string(lineage.family)
            object["generation"] = .number(JSONNumber(lineage.generation))
        }
        if !provenance.issuers.isEmpty { object["issued_under"] = .array(provenance.issuers.map { .string($0) }) }
        if !provenance.enrollers.isEmpty {
            object["enrolled_under"] = .array(provenance.enrollers.map { .string($0) })
        }
        if let until = provenance.issuesUntil { object["issues_until"] = until.numericDate }
        if let tokenID { object["jti"] = .string(tokenID) }
        if let issuedAt { object["iat"] = issuedAt.numericDate }
        if let notBefore { object["nbf"] = notBefore.numericDate }
        object["exp"] = expiresAt.numericDate
        return object
    }

    private static let apiKey = "api_key"

    /// Returns a claim that is a non-empty text; nil if the claim is missing.
    ///
    /// - Throws: `.invalid` if it is empty, too long or of another type.
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

    /// Returns a claim that is a list of ids; empty if the claim is missing.
    ///
    /// - Throws: `.invalid` if it is too long or not a list of ids.
    private static func ids(_ name: String, of object: JSONObject) throws(TokenError) -> [String] {
        guard let value = object[name] else { return [] }
        let ids = value.array?.compactMap(\.string) ?? []
        guard ids.count == value.array?.count, ids.count <= Provenance.idCountMax,
            ids.allSatisfy({ (1...idByteCountMax).contains($0.utf8.count) })
        else { throw .invalid(.claim(name)) }
        return ids
    }

    /// Returns a claim that is a time; nil if the claim is missing.
    ///
    /// - Throws: `.invalid` if it is not a time.
    private static func time(_ name: String, of object: JSONObject) throws(TokenError) -> Timestamp? {
        guard let value = object[name] else { return nil }
        guard let time = Timestamp(numericDate: value) else { throw .invalid(.claim(name)) }
        return time
    }
}
