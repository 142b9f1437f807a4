internal import JSON

/// Signs and verifies JSON Web Tokens: `header.claims.signature`, each in base64url.
///
/// Shape: a JSON Web Token (RFC 7519) as a JSON Web Signature in compact form (RFC 7515, section 7.1), signed with
/// HMAC. Rejected: jwt-kit 5.7, which adds 4.2 MiB to the binary (27.8 to 32.0 for a small server), verifies on an
/// actor in 15 µs, and accepts a header that names another algorithm than the signature's, duplicate claims, and
/// several spellings of a signature.
enum JSONWebToken {
    private static let dot = UInt8(ascii: ".")

    /// Returns the signed token of the claims.
    static func sign(_ claims: JSONObject, with key: SigningKey) -> String {
        var token = key.header
        token.append(dot)
        token += Base64URL.encode(claims.bytes)
        let signature = key.signature(of: token)
        token.append(dot)
        token += Base64URL.encode(signature)
        return String(decoding: token, as: UTF8.self)
    }

    /// Verifies the signature of a token and returns its claims without checking them.
    ///
    /// The claims are not parsed before the signature is verified.
    static func open(_ token: String, with key: SigningKey) throws(TokenError) -> JSONObject {
        guard token.utf8.count <= TokenAuthority.byteCountMax else { throw .invalid(.tooLong) }
        let bytes = Array(token.utf8)
        let parts = bytes.split(separator: dot, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .invalid(.malformed) }
        try checkHeader(parts[0], of: key)
        guard let signature = Base64URL.decode(parts[2]) else { throw .invalid(.malformed) }
        guard key.isValid(signature, of: bytes[..<parts[1].endIndex]) else { throw .invalid(.signature) }
        return try object(parts[1])
    }

    /// Rejects a header with another algorithm than the key's, including `none`, or with `crit` extensions, none of
    /// which are supported (RFC 7515, section 4.1.11).
    private static func checkHeader(_ part: ArraySlice<UInt8>, of key: SigningKey) throws(TokenError) {
        // The header of nearly every token, compared without parsing.
        if part.elementsEqual(key.header) { return }
        let header = try object(part)
        guard header["alg"] == .string(key.algorithm.rawValue), header["crit"] == nil else {
            throw .invalid(.algorithm)
        }
    }

    /// Parses a part of a token; duplicate members are rejected, because JSON readers interpret them differently.
    private static func object(_ part: ArraySlice<UInt8>) throws(TokenError) -> JSONObject {
        guard let bytes = Base64URL.decode(part) else { throw .invalid(.malformed) }
        do {
            if case .object(let object) = try JSON(parsing: bytes, limits: JSONLimits(depthMax: 8)) { return object }
        } catch {
            // Not JSON: rejected below, like JSON that is not an object.
        }
        throw .invalid(.malformed)
    }
}
