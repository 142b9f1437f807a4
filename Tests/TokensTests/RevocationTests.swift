import Disk
import Glibc
import JSON
import NIOConcurrencyHelpers
import Store
import TestSupport
import Testing

@testable import Tokens

struct RevocationTests {
    private let fixture: TokenFixture
    private var authority: TokenAuthority { fixture.authority }

    init() throws {
        fixture = try TokenFixture()
    }

    private func isRevoked(_ token: IssuedToken, by authority: TokenAuthority? = nil) -> Bool {
        do {
            _ = try (authority ?? self.authority).verify(token.text)
            return false
        } catch {
            return error == .invalid(.revoked)
        }
    }

    @Test func allTokensOfASubjectAreRevoked() async throws {
        let pair = try fixture.enrolled()
        let key = try authority.apiKey(role: .client, days: 3650, by: authority.verify(pair.access.text))
        let others = [
            try fixture.enrolled("edge-8").access,
            try authority.accessToken(for: "edge-7", role: .admin, by: .operator),
        ]
        try await authority.revoke(subject: "edge-7")
        for token in [pair.access, pair.refresh, key] { #expect(isRevoked(token)) }
        for token in others { #expect(!isRevoked(token)) }
        await #expect(throws: TokenError.invalid(.revoked)) {
            try await authority.refresh(pair.refresh.text, at: .clients)
        }
        let later = try await fixture.restarted()
        for token in [pair.access, pair.refresh, key] { #expect(isRevoked(token, by: later.authority)) }
    }

    /// This is true even if the clock stops or is set back.
    @Test func tokensIssuedAfterARevocationAreValid() async throws {
        let old = try fixture.enrolled()
        try await authority.revoke(subject: "edge-7")
        let new = try fixture.enrolled()
        #expect(isRevoked(old.access) && !isRevoked(new.access) && !isRevoked(new.refresh))
        _ = try await authority.refresh(new.refresh.text, at: .clients)
        fixture.advance(by: .seconds(-30))
        try await authority.revoke(subject: "edge-7")
        #expect(isRevoked(new.access))
        #expect(!isRevoked(try fixture.enrolled().access))
    }

    @Test func tokenWithoutTimeOfIssueIsRevoked() async throws {
        let token = fixture.forged(["sub": "edge-7", "role": "client", "exp": 1_795_003_600])
        _ = try authority.verify(token)
        try await authority.revoke(subject: "edge-7")
        #expect(fixture.flaw(of: token) == .revoked)
    }

    @Test func revokedCallerCannotIssueTokens() async throws {
        let caller = try authority.verify(fixture.enrolled().access.text)
        try await authority.revoke(subject: "edge-7")
        #expect(throws: TokenError.invalid(.revoked)) { try authority.apiKey(role: .client, days: 1, by: caller) }
        #expect(throws: TokenError.invalid(.revoked)) {
            try authority.accessToken(for: "edge-7", role: .client, by: caller)
        }
    }

    /// Verifies one token and refreshes another while the revocation is not yet durable.
    @Test func revocationIsEffectiveBeforeItIsDurable() async throws {
        let pair = try fixture.enrolled()
        let seen = NIOLockedValueBox<[TokenFlaw?]>([])
        fixture.disk.beforeEachCall { [fixture] call, path in
            guard call == .fdatasync, path.hasSuffix(".jsonl") else { return }
            let flaw = fixture.flaw(of: pair.access.text)
            seen.withLockedValue { $0.append(flaw) }
        }
        try await authority.revoke(subject: "edge-7")
        #expect(seen.withLockedValue { $0 } == [.revoked])
    }

    /// Tokens that are issued during a revocation are revoked, too, unless they were requested with newer tokens.
    @Test func tokensIssuedDuringARevocationAreRevoked() async throws {
        for round in 0..<30 {
            let id = "edge-\(round)"
            let first = try fixture.enrolled(id)
            let pairs = NIOLockedValueBox<[TokenPair]>([])
            await withTaskGroup(of: Void.self) { [authority] group in
                for _ in 0..<4 {
                    group.addTask {
                        var token = first.refresh.text
                        while let pair = try? await authority.refresh(token, at: .clients) {
                            pairs.withLockedValue { $0.append(pair) }
                            token = pair.refresh.text
                            await Task.yield()
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<round { await Task.yield() }
                    do { try await authority.revoke(subject: id) } catch { Issue.record("\(error)") }
                }
            }
            for pair in pairs.withLockedValue({ $0 }) {
                #expect(isRevoked(pair.access) && isRevoked(pair.refresh))
            }
        }
    }

    @Test func revocationWithDiskFailureIsAnError() async throws {
        let pair = try fixture.enrolled()
        fixture.disk.fail(.pwrite, with: ENOSPC, times: 1)
        await #expect(throws: TokenError.self) { try await authority.revoke(subject: "edge-7") }
        #expect(!isRevoked(pair.access))
        try await authority.revoke(subject: "edge-7")
        #expect(isRevoked(pair.access))
    }

    /// Access is not granted if the revocation cannot be read.
    @Test func verificationWithUnreadableRevocationIsAnError() async throws {
        try await authority.revoke(subject: "edge-7")
        // Records written by this process are in memory, so the store is reopened.
        let restarted = try await fixture.restarted()
        let token = try restarted.enrolled().access
        restarted.disk.fail(.pread, with: EIO)
        let unread = TokenAuthority(key: restarted.key, spent: restarted.spent, clock: { [now = restarted.now] in now })
        let error = #expect(throws: TokenError.self) { try unread.verify(token.text) }
        guard let error, case .store = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func documentsOfExpiredTokensAreDeleted() async throws {
        for id in 0..<10 {
            let pair = try fixture.enrolled("edge-\(id)")
            fixture.advance(by: .seconds(100))
            _ = try await authority.refresh(pair.refresh.text, at: .clients)
        }
        try await authority.revoke(subject: "edge-1")
        #expect(fixture.spent.documentCount == 11)
        #expect(try await authority.sweep() == 0)
        // First five families expire, then all families, then the revoked API keys.
        fixture.set(TokenFixture.start.advanced(by: .seconds(90 * 86_400 + 501)))
        #expect(try await authority.sweep(countMax: 2) == 2)
        #expect(try await authority.sweep(countMax: 100) == 3)
        #expect(try await authority.sweep() == 0)
        fixture.advance(by: .seconds(2000))
        #expect(try await authority.sweep() == 5)
        #expect(fixture.spent.documentCount == 1)
        fixture.advance(by: .seconds(3650 * 86_400))
        #expect(try await authority.sweep() == 1)
        #expect(fixture.spent.documentCount == 0)
    }

    /// A client has one document, independent of the number of refreshes, so memory does not grow over time.
    @Test func repeatedRefreshesKeepOneDocument() async throws {
        var pair = try fixture.enrolled()
        for _ in 0..<200 {
            fixture.advance(by: .seconds(3600))
            pair = try await authority.refresh(pair.refresh.text, at: .clients)
        }
        #expect(fixture.spent.documentCount == 1)
    }
}
