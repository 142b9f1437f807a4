import JSON
import Store
import TestSupport
import Testing

@testable import Tokens

/// What a token must say, once its signature is right.
struct VerificationTests {
    private let mint: Mint
    private let claims: JSONObject = ["sub": "edge-7", "role": "client", "exp": 1_795_003_600]

    init() throws {
        mint = try Mint()
    }

    @Test func theFewestClaimsAreEnough() throws {
        let identity = try mint.authority.verify(mint.forged(claims))
        #expect(identity.subject == "edge-7")
        #expect(identity.role == .client)
    }

    @Test(arguments: ["sub", "role", "exp"])
    func eachOfThemIsRequired(_ name: String) {
        #expect(mint.flaw(of: mint.forged(claims.with(name, nil))) == .claim(name))
        for wrong: JSON in [nil, true, [], ["a"], [:], ""] {
            #expect(mint.flaw(of: mint.forged(claims.with(name, wrong))) == .claim(name), "\(wrong)")
        }
    }

    @Test func textsAreNoNumbers() {
        #expect(mint.flaw(of: mint.forged(claims.with("exp", "1795003600"))) == .claim("exp"))
        #expect(mint.flaw(of: mint.forged(claims.with("sub", 7))) == .claim("sub"))
        #expect(mint.flaw(of: mint.forged(claims.with("role", 1))) == .claim("role"))
    }

    @Test(arguments: ["Admin", "admin ", "root", "adm\u{131}n", "*", "client,admin"])
    func unknownRolesAreRefused(_ role: String) {
        #expect(mint.flaw(of: mint.forged(claims.with("role", .string(role)))) == .claim("role"))
    }

    @Test(arguments: ["jti", "iat", "nbf", "family"])
    func claimsThatMayBeMissingMustBeRightWhereTheyAreNot(_ name: String) {
        for wrong: JSON in [nil, true, [], [:], ""] {
            #expect(mint.flaw(of: mint.forged(claims.with(name, wrong))) == .claim(name), "\(wrong)")
        }
    }

    @Test func aTokenForSomebodyElseIsRefused() {
        #expect(mint.flaw(of: mint.forged(claims.with("aud", "other"))) == .claim("aud"))
        #expect(mint.flaw(of: mint.forged(claims.with("aud", ["ledge"]))) == .claim("aud"))
    }

    @Test func longSubjectsAreRefused() {
        let longest = String(repeating: "x", count: TokenAuthority.subjectByteCountMax)
        #expect(mint.flaw(of: mint.forged(claims.with("sub", .string(longest)))) == nil)
        #expect(mint.flaw(of: mint.forged(claims.with("sub", .string(longest + "x")))) == .claim("sub"))
    }

    @Test func aTokenIsGoodUntilItExpires() throws {
        let token = mint.forged(claims)
        let end = Timestamp(microseconds: 1_795_003_600_000_000)
        mint.set(end.advanced(by: .microseconds(-1)))
        _ = try mint.authority.verify(token)
        mint.set(end)
        #expect(throws: TokenError.expired(at: end)) { try mint.authority.verify(token) }
    }

    @Test func aTokenIsRefusedBeforeItsTime() throws {
        let token = mint.forged(claims.with("nbf", 1_795_000_010))
        #expect(mint.flaw(of: token) == .notYetValid)
        mint.advance(by: .seconds(10))
        _ = try mint.authority.verify(token)
    }

    /// Nobody learns from the answer whether a token with a wrong signature would have expired.
    @Test func theSignatureCountsBeforeTheTime() throws {
        let token = try mint.enrolled().access.text
        mint.advance(by: .seconds(7200))
        #expect(throws: TokenError.self) { try mint.authority.verify(token) }
        #expect(mint.flaw(of: String(token.dropLast()) + (token.hasSuffix("A") ? "E" : "A")) == .signature)
    }

    @Test func momentsAreWithinTheCalendar() throws {
        let good: [(String, Int64)] = [
            ("253402300799", 253_402_300_799_000_000), ("1.7950036e9", 1_795_003_600_000_000),
            ("1795003600.123456", 1_795_003_600_123_456), ("17950036000E-1", 1_795_003_600_000_000),
        ]
        for (text, microseconds) in good {
            let token = forged(exp: text)
            #expect(try mint.authority.verify(token).expiresAt.microseconds == microseconds, "\(text)")
        }
        for text in [
            "253402300800", "9223372036854775807", "9223372036854775808", "99999999999999999999999999", "1e18", "1e300",
            "1e999", "-1e999", "-62135596801",
        ] {
            #expect(mint.flaw(of: forged(exp: text)) == .claim("exp"), "\(text)")
        }
        for text in ["0", "-1", "-0", "1e-999", "1795000000", "-62135596800"] {
            #expect(throws: TokenError.self) { try mint.authority.verify(forged(exp: text)) }
            #expect(mint.flaw(of: forged(exp: text)) == nil, "\(text): expired, not invalid")
        }
    }

    private func forged(exp: String) -> String {
        mint.forged(header: #"{"alg":"HS256"}"#, claims: #"{"sub":"edge-7","role":"admin","exp":\#(exp)}"#)
    }

    @Test func theHeaderIsASchemeAndAToken() throws {
        let token = mint.forged(claims)
        for header in ["Bearer \(token)", "bearer \(token)", "BEARER   \(token)"] {
            #expect(try mint.authority.verify(authorization: header).subject == "edge-7")
        }
        let refusals: [(String?, TokenError)] = [
            (nil, .missing), ("", .missing), (" ", .missing), ("Bearer", .missing), ("Bearer ", .missing),
            ("Bearer  ", .missing), (token, .wrongScheme), ("Basic YTpi", .wrongScheme),
            ("Token \(token)", .wrongScheme),
            ("Bearer\t\(token)", .wrongScheme), ("Bearer None", .invalid(.malformed)),
            ("Bearer \(token) \(token)", .invalid(.malformed)), ("Bearer Bearer \(token)", .invalid(.malformed)),
        ]
        for (header, error) in refusals {
            #expect(throws: error, "\(header ?? "nil")") { try mint.authority.verify(authorization: header) }
        }
    }

    /// Verifying reads the disk only where the subject's tokens were revoked once.
    @Test func verifyingReadsNoDisk() throws {
        let token = mint.forged(claims)
        mint.disk.fail(nil, with: 5)
        _ = try mint.authority.verify(token)
    }
}
