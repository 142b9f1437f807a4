import JSON
import TestSupport
import Testing

@testable import Tokens

struct JSONWebTokenTests {
    /// RFC 7515, appendix A.1.
    @Test func theTokenOfTheStandardIsOpened() throws {
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

    /// Tokens that PyJWT 2.15.1 made of the same secret, one for each algorithm.
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
    func tokensOfAnotherProgramAreVerified(_ algorithm: SigningKey.Algorithm) throws {
        let mint = try Mint(algorithm: algorithm)
        #expect(
            try mint.authority.verify(#require(Self.foreign[algorithm]))
                == Identity(
                    subject: "edge-7",
                    role: .client,
                    tokenID: "0c1d8f0e-5a5b-4b6e-9b0e-0c1d8f0e5a5b",
                    issuedAt: Mint.start.advanced(by: .milliseconds(250)),
                    expiresAt: Mint.start.advanced(by: .seconds(3600))
                )
        )
    }

    /// Signing the same claims gives the same bytes, so what we sign that program verifies too.
    @Test(arguments: SigningKey.Algorithm.allCases)
    func ourTokensAreThoseOfAnotherProgram(_ algorithm: SigningKey.Algorithm) throws {
        let key = try #require(SigningKey(secret: Mint.secret, algorithm: algorithm))
        let claims: JSONObject = [
            "sub": "edge-7", "role": "client", "jti": "0c1d8f0e-5a5b-4b6e-9b0e-0c1d8f0e5a5b", "iat": 1_795_000_000.25,
            "exp": 1_795_003_600,
        ]
        #expect(JSONWebToken.sign(claims, with: key) == Self.foreign[algorithm])
    }

    /// As above, with `kid`, a fraction in `exp`, `nbf`, and a name that JSON has escaped.
    @Test func aTokenWithMoreInItIsVerified() throws {
        let token =
            "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJzdWIiOiJlZGdlLTciLCJyb2xlIjoiY2xpZW50IiwiZXhwIjox"
            + "Nzk1MDAzNjAwLjUsIm5iZiI6MTc5NTAwMDAwMCwibmFtZSI6IlpcdTAwZmNyaWNoIFx1ZDgzZFx1ZGQxMiJ9."
            + "mHmnEWSQXRVuruRx-B2oiEaT-24TKVatd6FuVyV3lKs"
        let identity = try Mint().authority.verify(token)
        #expect(identity.tokenID == nil)
        #expect(identity.issuedAt == .earliest)
        #expect(identity.expiresAt == Mint.start.advanced(by: .milliseconds(3_600_500)))
    }

    /// `alg: none`, as PyJWT makes it; then other tricks with the header, each signed with the right secret.
    @Test func onlyTheKeysOwnAlgorithmIsTaken() throws {
        let mint = try Mint()
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0."
        let admin = "eyJzdWIiOiJlZGdlLTciLCJyb2xlIjoiYWRtaW4iLCJleHAiOjE3OTUwMDM2MDB9"
        #expect(mint.flaw(of: none + admin + ".") == .algorithm)
        #expect(mint.flaw(of: mint.signed(none + admin)) == .algorithm)
        let claims = #"{"sub":"edge-7","role":"admin","exp":1795003600}"#
        for algorithm in ["none", "None", "HS384", "HS512", "RS256", "ES256", "hs256", "HS256 ", ""] {
            let token = mint.forged(header: #"{"alg":"\#(algorithm)","typ":"JWT"}"#, claims: claims)
            #expect(mint.flaw(of: token) == .algorithm, "\(algorithm)")
        }
        for header in ["{}", #"{"alg":null}"#, #"{"alg":["HS256"]}"#, #"{"typ":"JWT"}"#, #"{"ALG":"HS256"}"#] {
            #expect(mint.flaw(of: mint.forged(header: header, claims: claims)) == .algorithm, "\(header)")
        }
        let good = mint.forged(header: #"{"alg":"HS256"}"#, claims: claims)
        #expect(try mint.authority.verify(good).role == .admin)
    }

    /// A token of a stronger algorithm is refused by a weaker key of the same secret, and the other way round.
    @Test func aSecretSharedByTwoAlgorithmsMakesTwoKeys() throws {
        let mints = try SigningKey.Algorithm.allCases.map { try Mint(algorithm: $0) }
        for issuer in mints {
            let token = try issuer.enrolled().access.text
            for verifier in mints {
                #expect(verifier.flaw(of: token) == (issuer.key.algorithm == verifier.key.algorithm ? nil : .algorithm))
            }
        }
    }

    @Test func extensionsThatMustBeUnderstoodAreRefused() throws {
        let mint = try Mint()
        let claims = #"{"sub":"edge-7","role":"admin","exp":1795003600}"#
        let header = #"{"alg":"HS256","crit":["b64"],"b64":false}"#
        #expect(mint.flaw(of: mint.forged(header: header, claims: claims)) == .algorithm)
    }

    @Test func everyChangedCharacterIsRefused() throws {
        let mint = try Mint()
        let token = Array(try mint.enrolled().access.text.utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ".utf8)
        for index in token.indices {
            for character in alphabet where character != token[index] {
                var changed = token
                changed[index] = character
                #expect(mint.flaw(of: String(decoding: changed, as: UTF8.self)) != nil, "\(index) \(character)")
            }
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let mint = try Mint()
        let token = try mint.enrolled().access.text
        for count in 0..<token.utf8.count {
            #expect(mint.flaw(of: String(token.prefix(count))) != nil)
            #expect(mint.flaw(of: String(token.suffix(count))) != nil)
        }
        for index in token.indices {
            var shorter = token
            shorter.remove(at: index)
            #expect(mint.flaw(of: shorter) != nil)
        }
    }

    @Test func anotherKeysSignatureIsRefused() throws {
        let mint = try Mint()
        let other = try #require(SigningKey(secret: Array(repeating: 7, count: 32)))
        let claims: JSONObject = ["sub": "edge-7", "role": "admin", "exp": 1_795_003_600]
        #expect(mint.flaw(of: mint.forged(claims)) == nil)
        #expect(mint.flaw(of: JSONWebToken.sign(claims, with: other)) == .signature)
    }

    /// Whatever stands around a good token, or in other places than it should, is refused as no token.
    @Test func otherShapesAreRefused() throws {
        let mint = try Mint()
        let good = try mint.enrolled().access.text
        let parts = good.split(separator: ".").map(String.init)
        let wrong = [
            "", ".", "..", "...", "....", "a.b.c", " \(good)", "\(good) ", "\(good)\n", "\(good)=", "\(good).",
            ".\(good)",
            "\(good).\(parts[2])", parts[0] + "." + parts[1], "\u{0}", "é.é.é",
            "\(parts[0])=.\(parts[1]).\(parts[2])",
        ]
        for token in wrong { #expect(mint.flaw(of: token) == .malformed, "\(token)") }
        for token in ["\(parts[0])..\(parts[2])", "\(parts[0]).\(parts[1])=.\(parts[2])", "\(parts[0]).\(parts[1])."] {
            #expect(mint.flaw(of: token) == .signature, "\(token)")
        }
    }

    /// Signed as they are, so that the signature is no reason to refuse them.
    @Test func otherSpellingsOfSignedPartsAreRefused() throws {
        let mint = try Mint()
        let header = String(decoding: mint.key.header, as: UTF8.self)
        // 48 bytes, so that neither padding nor spare bits are needed, and then one byte more, which leaves four.
        let claims = #"{"sub":"edge-7","role":"admin","exp":1795003600}"#
        let exact = String(decoding: Base64URL.encode(claims.utf8), as: UTF8.self)
        let longer = String(decoding: Base64URL.encode((claims + " ").utf8), as: UTF8.self)
        #expect(mint.flaw(of: mint.signed("\(header).\(exact)")) == nil)
        #expect(mint.flaw(of: mint.signed("\(header).\(longer)")) == nil)
        let last = try #require(longer.last)
        for other in ["B", "h", "x", "z", "_"] where other != String(last) {
            let text = "\(header).\(longer.dropLast())\(other)"
            #expect(mint.flaw(of: mint.signed(text)) == .malformed, "\(other)")
        }
        for text in ["\(header).\(longer)==", "\(header).\(exact)\n", "\(header)=.\(exact)", "\(header).\(exact)A"] {
            #expect(mint.flaw(of: mint.signed(text)) == .malformed, "\(text)")
        }
    }

    @Test func oversizedTokensAreRefusedUnread() throws {
        let mint = try Mint()
        let claims: JSONObject = ["sub": "edge-7", "role": "admin", "exp": 1_795_003_600]
        var name = ""
        while mint.forged(claims.with("name", .string(name))).utf8.count <= TokenAuthority.byteCountMax {
            #expect(mint.flaw(of: mint.forged(claims.with("name", .string(name)))) == nil)
            name += String(repeating: "x", count: 1000)
        }
        #expect(mint.flaw(of: mint.forged(claims.with("name", .string(name)))) == .tooLong)
        #expect(mint.flaw(of: String(repeating: ".", count: 10_000_000)) == .tooLong)
    }

    /// A repeated claim means one thing to one reader and another to the next.
    @Test func repeatedMembersAreRefused() throws {
        let mint = try Mint()
        let header = #"{"alg":"HS256"}"#
        let claims = #"{"sub":"edge-7","role":"client","exp":1795003600}"#
        for twice in [
            #"{"sub":"edge-7","role":"client","role":"admin","exp":1795003600}"#,
            #"{"sub":"edge-7","role":"client","\u0072ole":"admin","exp":1795003600}"#,
            #"{"exp":1795003600,"sub":"edge-7","role":"client","exp":1795003600}"#,
        ] {
            #expect(mint.flaw(of: mint.forged(header: header, claims: twice)) == .malformed)
        }
        let headers = #"{"alg":"none","alg":"HS256"}"#
        #expect(mint.flaw(of: mint.forged(header: headers, claims: claims)) == .malformed)
    }

    @Test(arguments: [
        "", "null", "[]", "1", #""text""#, "{", "{}}", #"{"a":1,}"#, "{\"a\":\"\u{1}\"}", #"{"a":NaN}"#,
        #"{"a":[[[[[[[[[]]]]]]]]]}"#,
    ])
    func whatIsNoObjectIsRefused(_ text: String) throws {
        let mint = try Mint()
        #expect(mint.flaw(of: mint.forged(header: #"{"alg":"HS256"}"#, claims: text)) == .malformed)
        #expect(mint.flaw(of: mint.forged(header: text, claims: "{}")) == .malformed)
    }

    @Test func randomBytesAreRefused() throws {
        let mint = try Mint()
        var generator = SeededGenerator()
        let characters = Array("eyJhbGciOiJIUzI1NiJ9..-_=".utf8)
        for _ in 0..<3000 {
            let count = Int.random(in: 0..<200, using: &generator)
            let text = (0..<count).map { _ in characters.randomElement(using: &generator) ?? 0 }
            #expect(
                mint.flaw(of: String(decoding: text, as: UTF8.self)) != nil,
                "SEED=\(SeededGenerator.runSeed)"
            )
            let bytes = generator.bytes(count: count)
            #expect(mint.flaw(of: String(decoding: bytes, as: UTF8.self)) != nil, "SEED=\(SeededGenerator.runSeed)")
        }
    }
}
