import JSON
import TestSupport
import Testing

@testable import Tokens

struct IssuingTests {
    private let fixture: TokenFixture
    private var authority: TokenAuthority { fixture.authority }

    init() throws {
        fixture = try TokenFixture()
    }

    private func identity(_ role: Role, _ subject: String = "me") throws -> Identity {
        Identity(subject: subject, role: role, tokenID: nil, issuedAt: fixture.now, expiresAt: .latest)
    }

    private func claims(of token: String) throws -> JSONObject {
        try JSONWebToken.open(token, with: fixture.key)
    }

    @Test func accessTokenHasSubjectWithExpiry() throws {
        let token = try authority.accessToken(for: "edge-7", role: .client, by: .operator)
        let identity = try authority.verify(token.text)
        #expect(identity.subject == "edge-7")
        #expect(identity.role == .client)
        #expect(identity.expiresAt == TokenFixture.start.advanced(by: .seconds(3600)))
        #expect(identity.expiresAt == token.expiresAt)
        #expect(identity.issuedAt >= TokenFixture.start)
        #expect(try claims(of: token.text).keys == ["sub", "role", "jti", "iat", "exp"])
    }

    /// The official client reads these claims without verifying them, to determine the kind of its credential.
    @Test func claimsIdentifyTheKindOfToken() throws {
        let key = try claims(of: authority.apiKey(role: .admin, days: 365, by: .operator).text)
        #expect(key["token_type"] == "api_key" && key["role"] == "admin")
        let enrollment = try claims(of: authority.enrollmentToken(name: "lab", hours: 24, by: .operator).text)
        #expect(enrollment["token_type"] == nil && enrollment["role"] == "enrollment")
        let client = try claims(of: fixture.enrolled("edge-7").refresh.text)
        #expect(client["role"] == "client_refresh" && client["sub"] == "edge-7")
        let admin = try claims(of: authority.pair(for: "root", role: .admin, by: .operator).refresh.text)
        #expect(admin["token_type"] == nil && admin["role"] == "admin_refresh")
    }

    @Test func expiriesAreWholeSeconds() throws {
        fixture.advance(by: .microseconds(999_999))
        let pair = try fixture.enrolled()
        for token in [pair.access, pair.refresh] {
            #expect(try claims(of: token.text)["exp"]?.int != nil)
            #expect(try authority.verify(token.text).expiresAt == token.expiresAt)
        }
    }

    @Test func tokensAreUnique() throws {
        var seen: Set<String> = []
        for _ in 0..<1000 {
            let pair = try fixture.enrolled()
            #expect(seen.insert(pair.access.text).inserted && seen.insert(pair.refresh.text).inserted)
        }
    }

    /// Tries all combinations of callers, roles and subjects.
    @Test func callersCannotIssueTokensOfHigherRoles() throws {
        for caller in Role.allCases {
            for role in Role.allCases {
                for subject in ["me", "another"] {
                    let mayAccess =
                        role.opensEndpoints && (caller == .admin || (caller == role && subject == "me"))
                    let by = try identity(caller)
                    let refusal = TokenError.notPermitted(role: role)
                    if mayAccess {
                        #expect(try authority.accessToken(for: subject, role: role, by: by).role == role)
                        #expect(try authority.pair(for: subject, role: role, by: by).access.role == role)
                        #expect(try authority.apiKey(role: role, days: 1, by: by).role == role)
                    } else {
                        #expect(throws: refusal) { try authority.accessToken(for: subject, role: role, by: by) }
                        #expect(throws: refusal) { try authority.pair(for: subject, role: role, by: by) }
                        if subject == "me" {
                            #expect(throws: refusal) { try authority.apiKey(role: role, days: 1, by: by) }
                        }
                    }
                }
            }
        }
    }

    @Test func apiKeyHasTheCallersSubject() throws {
        let key = try authority.apiKey(role: .client, days: 30, by: identity(.client, "edge-7"))
        #expect(try authority.verify(key.text).subject == "edge-7")
        #expect(key.expiresAt == TokenFixture.start.advanced(by: .seconds(30 * 86_400)))
    }

    @Test func onlyAdminsIssueEnrollmentTokens() throws {
        for role in Role.allCases where role != .admin {
            #expect(throws: TokenError.notPermitted(role: .enrollment)) {
                try authority.enrollmentToken(name: "lab", hours: 1, by: identity(role))
            }
        }
    }

    @Test func enrollmentTokenEnrollsManyClients() throws {
        let token = try authority.enrollmentToken(name: "lab", hours: 24, by: .operator)
        #expect(token.expiresAt == TokenFixture.start.advanced(by: .seconds(86_400)))
        let caller = try authority.verify(token.text)
        #expect(caller.role == .enrollment && !caller.role.opensEndpoints)
        for id in ["edge-1", "edge-2", "edge-1"] {
            let pair = try authority.enroll(id, by: caller)
            #expect(pair.subject == id)
            #expect(try authority.verify(pair.access.text).role == .client)
            #expect(try authority.verify(pair.access.text).subject == id)
            #expect(try authority.verify(pair.refresh.text).role == .clientRefresh)
        }
        for role in Role.allCases where role != .enrollment && role != .admin {
            #expect(throws: TokenError.notPermitted(role: .client)) {
                try authority.enroll("edge-3", by: identity(role))
            }
        }
    }

    @Test func lifetimesAreLimited() throws {
        for days in [0, -1, 3651, Int.max, Int.min] {
            #expect(throws: TokenError.unacceptableLifetime(allowed: 1...3650)) {
                try authority.apiKey(role: .admin, days: days, by: .operator)
            }
        }
        for hours in [0, -1, 87_601, Int.max] {
            #expect(throws: TokenError.unacceptableLifetime(allowed: 1...87_600)) {
                try authority.enrollmentToken(name: "lab", hours: hours, by: .operator)
            }
        }
    }

    @Test func subjectsAreLimited() {
        for subject in ["", String(repeating: "x", count: 257)] {
            #expect(throws: TokenError.unacceptableSubject) { try authority.enroll(subject, by: .operator) }
            #expect(throws: TokenError.unacceptableSubject) {
                try authority.enrollmentToken(name: subject, hours: 1, by: .operator)
            }
        }
    }
}
