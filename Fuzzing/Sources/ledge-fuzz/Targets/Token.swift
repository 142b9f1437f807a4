internal import JSON

@testable internal import Tokens

private let key = must(SigningKey(secret: [UInt8](repeating: 7, count: 64)))

private func must(_ key: SigningKey?) -> SigningKey {
    guard let key else { fatalError("the secret is long enough") }
    return key
}

/// Signs and opens tokens: a signed token must open unchanged; changed tokens and unsigned texts must be refused.
func fuzzToken(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let kind = input.number(below: 3)
    guard kind > 0 else {
        must(
            (try? JSONWebToken.open(String(decoding: input.rest, as: UTF8.self), with: key)) == nil,
            "an unsigned text is refused"
        )
        return
    }
    var edits = FuzzInput(UnsafeRawBufferPointer(rebasing: input.rest.prefix(12)))
    _ = input.bytes(12)
    let encoded = Base64URL.encode(input.rest)
    must(Base64URL.decode(encoded[...]) == Array(input.rest), "what is encoded is decoded")
    guard let claims = (try? JSON(parsing: input.rest, limits: JSONLimits(depthMax: 8)))?.object else { return }
    let token = JSONWebToken.sign(claims, with: key)
    guard token.utf8.count <= TokenAuthority.byteCountMax else { return }
    must((try? JSONWebToken.open(token, with: key)) == claims, "what was signed is opened")
    checkClaims(claims)
    var changed = Array(token.utf8)
    changed.edit(by: &edits)
    let text = String(decoding: changed, as: UTF8.self)
    guard text != token else { return }
    must((try? JSONWebToken.open(text, with: key)) == nil, "a token that was changed is refused")
}

private func checkClaims(_ object: JSONObject) {
    guard let claims = try? Claims(object) else { return }
    let times = [claims.expiresAt, claims.issuedAt, claims.notBefore, claims.provenance.issuesUntil]
    let moments = times.compactMap { $0?.microseconds }
    // Times before 1970 are never signed.
    guard moments.allSatisfy({ $0 >= 0 }) else { return }
    let again = must("claims are written as they are read") { try Claims(claims.object) }
    must(again.subject == claims.subject && again.role == claims.role, "it is the same caller")
    must(again.lineage == claims.lineage && again.tokenID == claims.tokenID, "it is the same token")
}
