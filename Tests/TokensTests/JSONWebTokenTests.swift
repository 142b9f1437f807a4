import JSON
import TestSupport
import Testing

@testable import Tokens

struct JSONWebTokenTests {
    /// RFC 7515, appendix A.1.
    @Test func tokenOfTheStandardIsOpened() throws {
        let secret = try #require(
            Base64URL.decode(
                Array("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow".utf8)[
                    ...
                ]
            )
        )
        let key = try #require(SigningKey(secret: secret))
        let token =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
            + "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
            + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let claims = try JSONWebToken.open(token, with: key)
        #expect(claims == ["iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true])
    }

    /// Tokens that PyJWT 2.15.1 signed with the same secret, one for each algorithm.
    private static let foreign: [SigningKey.Algorithm: String] = [
        .hs256: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + foreignClaims
            + ".150XIRZ3ha4brYCYy4OhLRczjjFuDST4vHRgLdQg7CU",
        .hs384: "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9." + foreignClaims
            + ".Xs_VcxbVmE536iL-ug6L5PqJZfFUtlWF0EBmrOnwq3j4MkBC31UklcJzh2SB5UZg",
        .hs512: "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9." + foreignClaims
            + ".ZZocgGZdmsj-rmnbERwP4bPlbYV-tSgHgXAMxrG1BEkEi9exEZo1PoYXHQLf3H301ZJBGh8RaRdw4_6NnzRj0g",
    ]
    private static let foreignClaims =
        "eyJzdWIiOiJlZGdlLTciLCJyb2xlIjoiY2xpZW50IiwianRpIjoiMGMxZDhmMGUtNWE1Yi00YjZlLTliMGUtMGMxZDhmMGU1YTViIiwi"
        + "aWF0IjoxNzk1MDAwMDAwLjI1LCJleHAiOjE3OTUwMDM2MDB9"

    @Test(arguments: SigningKey.Algorithm.allCases)
    func tokensOfAnotherProgramAreAccepted(_ algorithm: SigningKey.Algorithm) throws {
        let fixture = try TokenFixture(algorithm: algorithm)
        #expect(
            try fixture.authority.verify(#require(Self.foreign[algorithm]))
                == Identity(
                    subject: "edge-7",
                    role: .client,
                    tokenID: "0c1d8f0e-5a5b-4b6e-9b0e-0c1d8f0e5a5b",
                    issuedAt: TokenFixture.start.advanced(by: .milliseconds(250)),
                    expiresAt: TokenFixture.start.advanced(by: .seconds(3600))
                )
        )
    }

    /// Signing the same claims gives the same bytes, so PyJWT verifies this server's tokens, too.
    @Test(arguments: SigningKey.Algorithm.allCases)
    func tokensEqualThoseOfAnotherProgram(_ algorithm: SigningKey.Algorithm) throws {
        let key = try #require(SigningKey(secret: TokenFixture.secret, algorithm: algorithm))
        let claims: JSONObject = [
            "sub": "edge-7", "role": "client", "jti": "0c1d8f0e-5a5b-4b6e-9b0e-0c1d8f0e5a5b", "iat": 1_795_000_000.25,
            "exp": 1_795_003_600,
        ]
        #expect(JSONWebToken.sign(claims, with: key) == Self.foreign[algorithm])
    }

    /// A token with `kid`, a fraction in `exp`, `nbf`, and a name with JSON escapes.
    @Test func tokenWithAdditionalMembersIsAccepted() throws {
        let token =
            "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJzdWIiOiJlZGdlLTciLCJyb2xlIjoiY2xpZW50IiwiZXhwIjox"
            + "Nzk1MDAzNjAwLjUsIm5iZiI6MTc5NTAwMDAwMCwibmFtZSI6IlpcdTAwZmNyaWNoIFx1ZDgzZFx1ZGQxMiJ9."
            + "mHmnEWSQXRVuruRx-B2oiEaT-24TKVatd6FuVyV3lKs"
        let identity = try TokenFixture().authority.verify(token)
        #expect(identity.tokenID == nil)
        #expect(identity.issuedAt == .earliest)
        #expect(identity.expiresAt == TokenFixture.start.advanced(by: .milliseconds(3_600_500)))
    }

    /// `alg: none` as in PyJWT's tokens, then other manipulated headers, each signed with the right secret.
    @Test func onlyTheKeysAlgorithmIsAccepted() throws {
        let fixture = try TokenFixture()
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0."
        let admin = "eyJzdWIiOiJlZGdlLTciLCJyb2xlIjoiYWRtaW4iLCJleHAiOjE3OTUwMDM2MDB9"
        #expect(fixture.flaw(of: none + admin + ".") == .algorithm)
        #expect(fixture.flaw(of: fixture.signed(none + admin)) == .algorithm)
        let claims = #"{"sub":"edge-7","role":"admin","exp":1795003600}"#
        for algorithm in ["none", "None", "HS384", "HS512", "RS256", "ES256", "hs256", "HS256 ", ""] {
            let token = fixture.forged(header: #"{"alg":"\#(algorithm)","typ":"JWT"}"#, claims: claims)
            #expect(fixture.flaw(of: token) == .algorithm, "\(algorithm)")
        }
        for header in ["{}", #"{"alg":null}"#, #"{"alg":["HS256"]}"#, #"{"typ":"JWT"}"#, #"{"ALG":"HS256"}"#] {
            #expect(fixture.flaw(of: fixture.forged(header: header, claims: claims)) == .algorithm, "\(header)")
        }
        let good = fixture.forged(header: #"{"alg":"HS256"}"#, claims: claims)
        #expect(try fixture.authority.verify(good).role == .admin)
    }

    /// A key rejects tokens that were signed with the same secret and another algorithm.
    @Test func tokensOfAnotherAlgorithmAreRejected() throws {
        let mints = try SigningKey.Algorithm.allCases.map { try TokenFixture(algorithm: $0) }
        for issuer in mints {
            let token = try issuer.enrolled().access.text
            for verifier in mints {
                #expect(verifier.flaw(of: token) == (issuer.key.algorithm == verifier.key.algorithm ? nil : .algorithm))
            }
        }
    }

    @Test func criticalExtensionsAreRejected() throws {
        let fixture = try TokenFixture()
        let claims = #"{"sub":"edge-7","role":"admin","exp":1795003600}"#
        let header = #"{"alg":"HS256","crit":["b64"],"b64":false}"#
        #expect(fixture.flaw(of: fixture.forged(header: header, claims: claims)) == .algorithm)
    }

    @Test func changedCharactersAreRejected() throws {
        let fixture = try TokenFixture()
        let token = Array(try fixture.enrolled().access.text.utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ".utf8)
        for index in token.indices {
            for character in alphabet where character != token[index] {
                var changed = token
                changed[index] = character
                #expect(fixture.flaw(of: String(decoding: changed, as: UTF8.self)) != nil, "\(index) \(character)")
            }
        }
    }

    @Test func truncatedTokensAreRejected() throws {
        let fixture = try TokenFixture()
        let token = try fixture.enrolled().access.text
        for count in 0..<token.utf8.count {
            #expect(fixture.flaw(of: String(token.prefix(count))) != nil)
            #expect(fixture.flaw(of: String(token.suffix(count))) != nil)
        }
        for index in token.indices {
            var shorter = token
            shorter.remove(at: index)
            #expect(fixture.flaw(of: shorter) != nil)
        }
    }

    @Test func anotherKeysSignatureIsRejected() throws {
        let fixture = try TokenFixture()
        let other = try #require(SigningKey(secret: Array(repeating: 7, count: 32)))
        let claims: JSONObject = ["sub": "edge-7", "role": "admin", "exp": 1_795_003_600]
        #expect(fixture.flaw(of: fixture.forged(claims)) == nil)
        #expect(fixture.flaw(of: JSONWebToken.sign(claims, with: other)) == .signature)
    }

    /// Additional, missing or reordered parts are rejected as malformed.
    @Test func otherShapesAreRejected() throws {
        let fixture = try TokenFixture()
        let good = try fixture.enrolled().access.text
        let parts = good.split(separator: ".").map(String.init)
        let wrong = [
            "", ".", "..", "...", "....", "a.b.c", " \(good)", "\(good) ", "\(good)\n", "\(good)=", "\(good).",
            ".\(good)",
            "\(good).\(parts[2])", parts[0] + "." + parts[1], "\u{0}", "é.é.é",
            "\(parts[0])=.\(parts[1]).\(parts[2])",
        ]
        for token in wrong { #expect(fixture.flaw(of: token) == .malformed, "\(token)") }
        for token in ["\(parts[0])..\(parts[2])", "\(parts[0]).\(parts[1])=.\(parts[2])", "\(parts[0]).\(parts[1])."] {
            #expect(fixture.flaw(of: token) == .signature, "\(token)")
        }
    }

    /// The parts are signed in this spelling, so the signature is valid.
    @Test func otherSpellingsOfSignedPartsAreRejected() throws {
        let fixture = try TokenFixture()
        let header = String(decoding: fixture.key.header, as: UTF8.self)
        // 48 bytes, which need neither padding nor unused bits, then 49 bytes, which leave four bits unused.
        let claims = #"{"sub":"edge-7","role":"admin","exp":1795003600}"#
        let exact = String(decoding: Base64URL.encode(claims.utf8), as: UTF8.self)
        let longer = String(decoding: Base64URL.encode((claims + " ").utf8), as: UTF8.self)
        #expect(fixture.flaw(of: fixture.signed("\(header).\(exact)")) == nil)
        #expect(fixture.flaw(of: fixture.signed("\(header).\(longer)")) == nil)
        let last = try #require(longer.last)
        for other in ["B", "h", "x", "z", "_"] where other != String(last) {
            let text = "\(header).\(longer.dropLast())\(other)"
            #expect(fixture.flaw(of: fixture.signed(text)) == .malformed, "\(other)")
        }
        for text in ["\(header).\(longer)==", "\(header).\(exact)\n", "\(header)=.\(exact)", "\(header).\(exact)A"] {
            #expect(fixture.flaw(of: fixture.signed(text)) == .malformed, "\(text)")
        }
    }

    @Test func oversizedTokensAreRejectedWithoutParsing() throws {
        let fixture = try TokenFixture()
        let claims: JSONObject = ["sub": "edge-7", "role": "admin", "exp": 1_795_003_600]
        var name = ""
        while fixture.forged(claims.with("name", .string(name))).utf8.count <= TokenAuthority.byteCountMax {
            #expect(fixture.flaw(of: fixture.forged(claims.with("name", .string(name)))) == nil)
            name += String(repeating: "x", count: 1000)
        }
        #expect(fixture.flaw(of: fixture.forged(claims.with("name", .string(name)))) == .tooLong)
        #expect(fixture.flaw(of: String(repeating: ".", count: 10_000_000)) == .tooLong)
    }

    /// JSON readers interpret duplicate claims differently.
    @Test func duplicateMembersAreRejected() throws {
        let fixture = try TokenFixture()
        let header = #"{"alg":"HS256"}"#
        let claims = #"{"sub":"edge-7","role":"client","exp":1795003600}"#
        for twice in [
            #"{"sub":"edge-7","role":"client","role":"admin","exp":1795003600}"#,
            #"{"sub":"edge-7","role":"client","\u0072ole":"admin","exp":1795003600}"#,
            #"{"exp":1795003600,"sub":"edge-7","role":"client","exp":1795003600}"#,
        ] {
            #expect(fixture.flaw(of: fixture.forged(header: header, claims: twice)) == .malformed)
        }
        let headers = #"{"alg":"none","alg":"HS256"}"#
        #expect(fixture.flaw(of: fixture.forged(header: headers, claims: claims)) == .malformed)
    }

    @Test(arguments: [
        "", "null", "[]", "1", #""text""#, "{", "{}}", #"{"a":1,}"#, "{\"a\":\"\u{1}\"}", #"{"a":NaN}"#,
        #"{"a":[[[[[[[[[]]]]]]]]]}"#,
    ])
    func nonObjectIsRejected(_ text: String) throws {
        let fixture = try TokenFixture()
        #expect(fixture.flaw(of: fixture.forged(header: #"{"alg":"HS256"}"#, claims: text)) == .malformed)
        #expect(fixture.flaw(of: fixture.forged(header: text, claims: "{}")) == .malformed)
    }

    @Test func randomBytesAreRejected() throws {
        let fixture = try TokenFixture()
        var generator = SeededGenerator()
        let characters = Array("eyJhbGciOiJIUzI1NiJ9..-_=".utf8)
        for _ in 0..<3000 {
            let count = Int.random(in: 0..<200, using: &generator)
            let text = (0..<count).map { _ in characters.randomElement(using: &generator) ?? 0 }
            #expect(
                fixture.flaw(of: String(decoding: text, as: UTF8.self)) != nil,
                "SEED=\(SeededGenerator.runSeed)"
            )
            let bytes = generator.bytes(count: count)
            #expect(fixture.flaw(of: String(decoding: bytes, as: UTF8.self)) != nil, "SEED=\(SeededGenerator.runSeed)")
        }
    }
}
