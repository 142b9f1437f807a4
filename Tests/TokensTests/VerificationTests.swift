import JSON
import Store
import TestSupport
import Testing

@testable import Tokens

/// Verification of the claims of tokens with valid signatures.
struct VerificationTests {
    private let fixture: TokenFixture
    private let claims: JSONObject = ["sub": "edge-7", "role": "client", "exp": 1_795_003_600]

    init() throws {
        fixture = try TokenFixture()
    }

    @Test func requiredClaimsAreSufficient() throws {
        let identity = try fixture.authority.verify(fixture.forged(claims))
        #expect(identity.subject == "edge-7")
        #expect(identity.role == .client)
    }

    @Test(arguments: ["sub", "role", "exp"])
    func missingRequiredClaimIsRejected(_ name: String) {
        #expect(fixture.flaw(of: fixture.forged(claims.with(name, nil))) == .claim(name))
        for wrong: JSON in [nil, true, [], ["a"], [:], ""] {
            #expect(fixture.flaw(of: fixture.forged(claims.with(name, wrong))) == .claim(name), "\(wrong)")
        }
    }

    @Test func claimsOfTheWrongTypeAreRejected() {
        #expect(fixture.flaw(of: fixture.forged(claims.with("exp", "1795003600"))) == .claim("exp"))
        #expect(fixture.flaw(of: fixture.forged(claims.with("sub", 7))) == .claim("sub"))
        #expect(fixture.flaw(of: fixture.forged(claims.with("role", 1))) == .claim("role"))
    }

    @Test(arguments: ["Admin", "admin ", "root", "adm\u{131}n", "*", "client,admin"])
    func unknownRolesAreRejected(_ role: String) {
        #expect(fixture.flaw(of: fixture.forged(claims.with("role", .string(role)))) == .claim("role"))
    }

    @Test(arguments: ["jti", "iat", "nbf", "family"])
    func invalidOptionalClaimIsRejected(_ name: String) {
        for wrong: JSON in [nil, true, [], [:], ""] {
            #expect(fixture.flaw(of: fixture.forged(claims.with(name, wrong))) == .claim(name), "\(wrong)")
        }
    }

    @Test func tokenWithAudienceIsRejected() {
        #expect(fixture.flaw(of: fixture.forged(claims.with("aud", "other"))) == .claim("aud"))
        #expect(fixture.flaw(of: fixture.forged(claims.with("aud", ["ledge"]))) == .claim("aud"))
    }

    @Test func longSubjectsAreRejected() {
        let longest = String(repeating: "x", count: TokenAuthority.subjectByteCountMax)
        #expect(fixture.flaw(of: fixture.forged(claims.with("sub", .string(longest)))) == nil)
        #expect(fixture.flaw(of: fixture.forged(claims.with("sub", .string(longest + "x")))) == .claim("sub"))
    }

    @Test func tokenIsValidUntilItExpires() throws {
        let token = fixture.forged(claims)
        let end = Timestamp(microseconds: 1_795_003_600_000_000)
        fixture.set(end.advanced(by: .microseconds(-1)))
        _ = try fixture.authority.verify(token)
        fixture.set(end)
        #expect(throws: TokenError.expired(at: end)) { try fixture.authority.verify(token) }
    }

    @Test func tokenIsRejectedBeforeNotBefore() throws {
        let token = fixture.forged(claims.with("nbf", 1_795_000_010))
        #expect(fixture.flaw(of: token) == .notYetValid)
        fixture.advance(by: .seconds(10))
        _ = try fixture.authority.verify(token)
    }

    /// The error of a token with an invalid signature does not depend on its expiry.
    @Test func signatureIsCheckedBeforeTheExpiry() throws {
        let token = try fixture.enrolled().access.text
        fixture.advance(by: .seconds(7200))
        #expect(throws: TokenError.self) { try fixture.authority.verify(token) }
        #expect(fixture.flaw(of: String(token.dropLast()) + (token.hasSuffix("A") ? "E" : "A")) == .signature)
    }

    @Test func timesOutsideOfTheCalendarAreRejected() throws {
        let good: [(String, Int64)] = [
            ("253402300799", 253_402_300_799_000_000), ("1.7950036e9", 1_795_003_600_000_000),
            ("1795003600.123456", 1_795_003_600_123_456), ("17950036000E-1", 1_795_003_600_000_000),
        ]
        for (text, microseconds) in good {
            let token = forged(exp: text)
            #expect(try fixture.authority.verify(token).expiresAt.microseconds == microseconds, "\(text)")
        }
        for text in [
            "253402300800", "9223372036854775807", "9223372036854775808", "99999999999999999999999999", "1e18", "1e300",
            "1e999", "-1e999", "-62135596801",
        ] {
            #expect(fixture.flaw(of: forged(exp: text)) == .claim("exp"), "\(text)")
        }
        for text in ["0", "-1", "-0", "1e-999", "1795000000", "-62135596800"] {
            #expect(throws: TokenError.self) { try fixture.authority.verify(forged(exp: text)) }
            #expect(fixture.flaw(of: forged(exp: text)) == nil, "\(text): expired, not invalid")
        }
    }

    private func forged(exp: String) -> String {
        fixture.forged(header: #"{"alg":"HS256"}"#, claims: #"{"sub":"edge-7","role":"admin","exp":\#(exp)}"#)
    }

    @Test func authorizationHeaderIsParsed() throws {
        let token = fixture.forged(claims)
        for header in ["Bearer \(token)", "bearer \(token)", "BEARER   \(token)"] {
            #expect(try fixture.authority.verify(authorization: header).subject == "edge-7")
        }
        let refusals: [(String?, TokenError)] = [
            (nil, .missing), ("", .missing), (" ", .missing), ("Bearer", .missing), ("Bearer ", .missing),
            ("Bearer  ", .missing), (token, .wrongScheme), ("Basic YTpi", .wrongScheme),
            ("Token \(token)", .wrongScheme),
            ("Bearer\t\(token)", .wrongScheme), ("Bearer None", .invalid(.malformed)),
            ("Bearer \(token) \(token)", .invalid(.malformed)), ("Bearer Bearer \(token)", .invalid(.malformed)),
        ]
        for (header, error) in refusals {
            #expect(throws: error, "\(header ?? "nil")") { try fixture.authority.verify(authorization: header) }
        }
    }

    @Test func verificationDoesNotReadTheDisk() throws {
        let token = fixture.forged(claims)
        fixture.disk.fail(nil, with: 5)
        _ = try fixture.authority.verify(token)
    }
}
