internal import JSON

/// A JSON object that its signer can tell from every other: `header.claims.signature`, each in base64url.
///
/// Shape: a JSON Web Token (RFC 7519) as a JSON Web Signature in compact form (RFC 7515, section 7.1), signed with
/// HMAC only. Written here because the common library, jwt-kit 5.7, adds 4.2 MiB to the binary (27.8 to 32.0 for a
/// small server), verifies on an actor, in 15 µs, and takes as good a header that names another algorithm than the one
/// that signed, a repeated claim, and a second spelling of a signature.
enum JSONWebToken {
    private static let dot = UInt8(ascii: ".")

    /// Returns the token of some claims.
    static func sign(_ claims: JSONObject, with key: SigningKey) -> String {
        var token = key.header
        token.append(dot)
        token += Base64URL.encode(claims.bytes)
        let signature = key.signature(of: token)
        token.append(dot)
        token += Base64URL.encode(signature)
        return String(decoding: token, as: UTF8.self)
    }

    /// Returns the claims of a token the key has signed; what they say is not looked at.
    ///
    /// Nothing of the claims is read before the signature is verified.
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

    /// Refuses a header that names another algorithm than the key's, `none` included, or a `crit` extension: this
    /// server understands none of them (RFC 7515, section 4.1.11).
    private static func checkHeader(_ part: ArraySlice<UInt8>, of key: SigningKey) throws(TokenError) {
        // What nearly every token has is known without parsing.
        if part.elementsEqual(key.header) { return }
        let header = try object(part)
        guard header["alg"] == .string(key.algorithm.rawValue), header["crit"] == nil else {
            throw .invalid(.algorithm)
        }
    }

    /// The parser refuses a repeated member: readers disagree on which of them counts.
    private static func object(_ part: ArraySlice<UInt8>) throws(TokenError) -> JSONObject {
        guard let bytes = Base64URL.decode(part) else { throw .invalid(.malformed) }
        do {
            if case .object(let object) = try JSON(parsing: bytes, limits: JSONLimits(depthMax: 8)) { return object }
        } catch {
            // Not JSON: refused below, like JSON that is no object.
        }
        throw .invalid(.malformed)
    }
}
