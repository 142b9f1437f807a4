import Disk
import Glibc
import JSON
import Store
import TestSupport
import Testing

@testable import Tokens

/// The administrators' list, and revocation by id, subject and role.
struct TokenListTests {
    private let fixture: TokenFixture
    private var authority: TokenAuthority { fixture.authority }

    init() throws {
        fixture = try TokenFixture()
    }

    private func records(_ filter: TokenRecord.Filter = TokenRecord.Filter()) async throws -> [TokenRecord] {
        try await authority.records(filter).records
    }

    @Test func issuedTokensAreListed() async throws {
        let root = try authority.verify(fixture.key.apiKey(for: "ann", role: .admin, days: 1, now: fixture.now).text)
        let key = try await authority.issueAPIKey(role: .client, days: 1, by: root)
        fixture.advance(by: .seconds(1))
        let enrollment = try await authority.issueEnrollmentToken(name: "lab", hours: 1, by: root)
        fixture.advance(by: .seconds(1))
        let client = try await authority.enrollClient("edge-1", by: authority.verify(enrollment.text))
        fixture.advance(by: .seconds(1))
        let admin = try await authority.logIn(by: root)

        var list = try await records()
        #expect(list.map(\.id) == [admin.family, client.family, enrollment.id, key.id])
        #expect(list.map(\.kind) == [.family, .family, .enrollment, .apiKey])
        #expect(list.map(\.role) == [.admin, .client, .enrollment, .client])
        #expect(list.map(\.subject) == ["ann", "edge-1", "lab", "ann"])
        #expect(list.map(\.issuedBy) == [root.tokenID, enrollment.id, root.tokenID, root.tokenID])
        #expect(list.allSatisfy { $0.usedAt == nil && !$0.isRevoked })
        #expect(list[3].expiresAt == key.expiresAt)

        fixture.advance(by: .seconds(1))
        _ = try await authority.refresh(client.refresh.text, at: .clients)
        list = try await records(TokenRecord.Filter(subject: "edge-1"))
        #expect(list.map(\.usedAt) == [fixture.now])
        #expect(try await records(TokenRecord.Filter(role: .admin)).map(\.id) == [admin.family])
        let (page, total) = try await authority.records(TokenRecord.Filter(skip: 1, limit: 2))
        #expect(page.map(\.id) == [client.family, enrollment.id] && total == 4)
    }

    @Test func tokenIsNotIssuedWithoutItsRecord() async throws {
        fixture.disk.fail(.pwrite, with: ENOSPC, times: 1)
        await #expect(throws: TokenError.self) {
            try await authority.issueAPIKey(role: .client, days: 1, by: .operator)
        }
        #expect(try await records().isEmpty)
    }

    @Test(arguments: [Role.admin, .combiner, .client])
    func keyIsRevokedByItsID(_ role: Role) async throws {
        let key = try await authority.issueAPIKey(role: role, days: 1, by: .operator)
        let other = try await authority.issueAPIKey(role: role, days: 1, by: .operator)
        try await authority.revoke(id: key.id)
        #expect(fixture.flaw(of: key.text) == .revoked && fixture.flaw(of: other.text) == nil)
        #expect(try await records().filter(\.isRevoked).map(\.id) == [key.id])
        let later = try await fixture.restarted()
        #expect(later.flaw(of: key.text) == .revoked && later.flaw(of: other.text) == nil)
    }

    @Test func keyOfTheCommandLineIsRevokedByItsID() async throws {
        let key = fixture.key.apiKey(for: "ann", role: .admin, days: 365, now: fixture.now)
        try await authority.revoke(id: key.id)
        try await authority.revoke(id: key.id)
        #expect(fixture.flaw(of: key.text) == .revoked)
        #expect(try await records().map(\.kind) == [.other])
    }

    @Test func enrollmentTokenIsRevokedByItsID() async throws {
        let token = try await authority.issueEnrollmentToken(name: "lab", hours: 1, by: .operator)
        let caller = try authority.verify(token.text)
        try await authority.revoke(id: token.id)
        #expect(fixture.flaw(of: token.text) == .revoked)
        await #expect(throws: TokenError.invalid(.revoked)) { try await authority.enrollClient("edge-1", by: caller) }
    }

    @Test func familyIsRevokedByItsID() async throws {
        let pair = try await authority.enrollClient("edge-1", by: .operator)
        let next = try await authority.refresh(pair.refresh.text, at: .clients)
        try await authority.revoke(id: pair.family)
        for token in [pair.access, pair.refresh, next.access, next.refresh] {
            #expect(fixture.flaw(of: token.text) == .revoked)
        }
        #expect(try await records().map(\.isRevoked) == [true])
    }

    @Test func tokensOfASubjectAreRevokedForOneRole() async throws {
        let admin = try authority.accessToken(for: "ann", role: .admin, by: .operator)
        let combiner = try authority.accessToken(for: "ann", role: .combiner, by: .operator)
        try await authority.revoke(subject: "ann", role: .admin)
        #expect(fixture.flaw(of: admin.text) == .revoked && fixture.flaw(of: combiner.text) == nil)
    }

    @Test func tokensOfARoleIssuedUntilNowAreRevoked() async throws {
        let old = [
            fixture.key.apiKey(for: "ann", role: .admin, days: 365, now: fixture.now),
            try authority.pair(for: "ann", role: .admin, by: .operator).refresh,
        ]
        let client = try fixture.enrolled().access
        fixture.advance(by: .seconds(1))
        try await authority.revoke(role: .admin)
        fixture.advance(by: .seconds(1))
        let new = fixture.key.apiKey(for: "ann", role: .admin, days: 365, now: fixture.now)
        let later = try await fixture.restarted()
        for fixture in [fixture, later] {
            for token in old { #expect(fixture.flaw(of: token.text) == .revoked) }
            for token in [new, client] { #expect(fixture.flaw(of: token.text) == nil) }
        }
    }

    /// This is true while revocations exist, too.
    @Test func verificationDoesNotReadTheDisk() async throws {
        let old = try fixture.enrolled()
        try await authority.revoke(subject: "edge-7")
        try await authority.revoke(id: "unknown")
        try await authority.revoke(role: .enrollment)
        fixture.advance(by: .seconds(1))
        let later = try await fixture.restarted()
        let new = try later.enrolled()
        later.disk.fail(nil, with: EIO)
        _ = try later.authority.verify(new.access.text)
        #expect(later.flaw(of: old.access.text) == .revoked)
    }

    @Test func tableIsOffWithTooManyRevocations() {
        let table = RevocationTable([:], countMax: 2)
        table.add(.token("a"))
        table.add(.token("b"))
        #expect(table.isRevoked([.token("a")], issuedAt: .earliest) == true)
        #expect(table.isRevoked([.token("c")], issuedAt: .earliest) == false)
        table.add(.token("c"))
        #expect(table.isRevoked([.token("a")], issuedAt: .earliest) == nil)
    }

    /// Without the table the store is searched, with the same results.
    @Test func revocationsAreFoundInTheStore() async throws {
        let pair = try await authority.enrollClient("edge-1", by: .operator)
        let key = try await authority.issueAPIKey(role: .admin, days: 1, by: .operator)
        let subject = try fixture.enrolled("edge-2").access
        let valid = try fixture.enrolled("edge-3").access
        try await authority.revoke(id: pair.family)
        try await authority.revoke(id: key.id)
        try await authority.revoke(subject: "edge-2")
        let later = try await fixture.restarted()
        later.disk.fail(.pread, with: EIO, times: 1)
        let unread = TokenAuthority(key: later.key, spent: later.spent, clock: { [now = later.now] in now })
        for token in [pair.access, pair.refresh, key, subject] {
            #expect(throws: TokenError.invalid(.revoked)) { try unread.verify(token.text) }
        }
        _ = try unread.verify(valid.text)
    }

    @Test func scopesAreReadAsTheyAreWritten() {
        let scopes: [RevocationScope] = [
            .role(.admin), .subject("a:b", .client), .token("role:admin"), .family(""), .subject("", .enrollment),
        ]
        for scope in scopes { #expect(RevocationScope(scope.text) == scope) }
        for text in ["", "admin", "nonsense:a", "role:root"] { #expect(RevocationScope(text) == nil) }
    }
}
