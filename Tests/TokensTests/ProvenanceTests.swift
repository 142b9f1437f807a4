import JSON
import Testing

@testable import Tokens

/// What depends on the token with which a token was issued: its revocation and its expiry.
struct ProvenanceTests {
    private let fixture: TokenFixture
    private var authority: TokenAuthority { fixture.authority }

    init() throws {
        fixture = try TokenFixture()
    }

    private func caller(_ token: IssuedToken) throws -> Identity {
        try authority.verify(token.text)
    }

    /// The operator's own key, as `ledge token` signs it.
    private func operatorsKey(_ role: Role = .admin, days: Int = 365) -> IssuedToken {
        fixture.key.apiKey(for: "ann", role: role, days: days, now: fixture.now)
    }

    /// The tokens of a log-in that was approved with the operator's key.
    private func logIn() async throws -> TokenPair {
        try await authority.logIn(by: caller(operatorsKey()))
    }

    /// Uses a refresh token twice, the second time too late, which ends its family.
    private func end(_ pair: TokenPair) async throws {
        _ = try await authority.refresh(pair.refresh.text, at: .others)
        fixture.advance(by: .seconds(61))
        await #expect(throws: TokenError.invalid(.reused)) {
            try await authority.refresh(pair.refresh.text, at: .others)
        }
    }

    @Test func tokensIssuedWithALogInAreRevokedWithIt() async throws {
        let pair = try await logIn()
        let admin = try caller(pair.access)
        let key = try authority.apiKey(role: .admin, days: 3650, by: admin)
        let tokens = [
            pair.access, key, try authority.apiKey(role: .client, days: 1, by: caller(key)),
            try authority.enrollmentToken(name: "lab", hours: 87_600, by: admin),
            try authority.pair(for: "ann", role: .admin, by: caller(key)).refresh,
        ]
        let other = try await logIn().access
        for token in tokens { #expect(fixture.flaw(of: token.text) == nil) }
        try await end(pair)
        for token in tokens { #expect(fixture.flaw(of: token.text) == .revoked) }
        #expect(fixture.flaw(of: other.text) == nil)
        let later = try await fixture.restarted()
        for token in tokens { #expect(later.flaw(of: token.text) == .revoked) }
        #expect(throws: TokenError.invalid(.revoked)) { try authority.enroll("edge-7", by: admin) }
    }

    @Test func tokensExpireNoLaterThanTheLogInThatIssuedThem() async throws {
        let pair = try await logIn()
        fixture.advance(by: .seconds(1800))
        let admin = try caller(pair.access)
        #expect(try authority.apiKey(role: .admin, days: 3650, by: admin).expiresAt == pair.refresh.expiresAt)
        let enrollment = try authority.enrollmentToken(name: "lab", hours: 48, by: admin)
        #expect(enrollment.expiresAt == fixture.now.advanced(by: .seconds(48 * 3600)), "as the official client needs")
        // Every refresh lengthens the log-in, up to the end of what approved it.
        let next = try await authority.refresh(pair.refresh.text, at: .others)
        #expect(next.refresh.expiresAt == fixture.now.advanced(by: .seconds(90 * 86_400)))
    }

    @Test func logInEndsWithTheTokenThatApprovedIt() async throws {
        let key = operatorsKey(.client, days: 100)
        var pair = try await authority.logIn(by: caller(key))
        for _ in 0..<3 {
            fixture.advance(by: .seconds(30 * 86_400))
            pair = try await authority.refresh(pair.refresh.text, at: .clients)
            #expect(pair.refresh.expiresAt <= key.expiresAt)
        }
        #expect(pair.refresh.expiresAt == key.expiresAt)
        fixture.set(key.expiresAt)
        #expect(throws: TokenError.self) { try authority.verify(pair.access.text) }
    }

    @Test func administratorsKeyIssuesKeysForItsWholeLifetime() throws {
        let key = operatorsKey(days: 30)
        fixture.advance(by: .seconds(29 * 86_400))
        let issued = try authority.apiKey(role: .client, days: 365, by: caller(key))
        #expect(issued.expiresAt == fixture.now.advanced(by: .seconds(30 * 86_400)))
        // A key that was issued with another one only for the rest of its own.
        let second = try authority.apiKey(role: .client, days: 365, by: caller(issued))
        #expect(second.expiresAt == issued.expiresAt)
    }

    @Test func expiredCallerIssuesNothing() throws {
        let admin = try caller(operatorsKey(days: 1))
        fixture.advance(by: .seconds(86_400))
        #expect(throws: TokenError.expired(at: fixture.now)) { try authority.apiKey(role: .admin, days: 1, by: admin) }
    }

    /// A log-in that ends does not disconnect a fleet; an administrator can still do that.
    @Test func enrolledClientsDependOnExplicitRevocationsOnly() async throws {
        let pair = try await logIn()
        let enrollment = try authority.enrollmentToken(name: "lab", hours: 1, by: caller(pair.access))
        let first = try authority.enroll("edge-1", by: caller(enrollment))
        let second = try authority.enroll("edge-2", by: caller(pair.access))
        try await end(pair)
        for client in [first, second] {
            #expect(fixture.flaw(of: client.access.text) == nil)
            _ = try await authority.refresh(client.refresh.text, at: .clients)
        }
        try await authority.revoke(id: pair.family)
        for client in [first, second] { #expect(fixture.flaw(of: client.access.text) == .revoked) }
        let later = try await fixture.restarted()
        for client in [first, second] { #expect(later.flaw(of: client.access.text) == .revoked) }
    }

    @Test func enrolledClientsOutliveTheEnrollmentToken() async throws {
        let enrollment = try authority.enrollmentToken(name: "lab", hours: 1, by: .operator)
        var pair = try authority.enroll("edge-1", by: caller(enrollment))
        #expect(pair.refresh.expiresAt == fixture.now.advanced(by: .seconds(90 * 86_400)))
        for _ in 0..<12 {
            fixture.advance(by: .seconds(60 * 86_400))
            pair = try await authority.refresh(pair.refresh.text, at: .clients)
        }
        _ = try authority.verify(pair.access.text)
    }

    @Test func chainOfIssuersIsLimited() throws {
        var token = operatorsKey()
        var count = 0
        let error = #expect(throws: TokenError.self) {
            while count < 100 {
                token = try authority.apiKey(role: .admin, days: 1, by: caller(token))
                count += 1
            }
        }
        #expect(error == .tooManyIssuers)
        #expect(count == Provenance.idCountMax - 1)
        _ = try caller(token)
        #expect(token.text.utf8.count < TokenAuthority.byteCountMax)
    }

    @Test(arguments: ["issued_under", "enrolled_under"])
    func malformedIssuersAreRejected(_ name: String) throws {
        let claims: JSONObject = ["sub": "edge-7", "role": "client", "exp": 1_795_003_600]
        let long: JSON = .array(Array(repeating: "a", count: Provenance.idCountMax + 1))
        for wrong: JSON in ["a", 1, nil, [:], [1], [""], ["a", nil], long] {
            #expect(fixture.flaw(of: fixture.forged(claims.with(name, wrong))) == .claim(name), "\(wrong)")
        }
        #expect(fixture.flaw(of: fixture.forged(claims.with(name, ["a", "b"]))) == nil)
    }
}
