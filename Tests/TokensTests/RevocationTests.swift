import Disk
import Glibc
import JSON
import NIOConcurrencyHelpers
import Store
import TestSupport
import Testing

@testable import Tokens

struct RevocationTests {
    private let mint: Mint
    private var authority: TokenAuthority { mint.authority }

    init() throws {
        mint = try Mint()
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
        let pair = try mint.enrolled()
        let key = try authority.apiKey(role: .client, days: 3650, by: authority.verify(pair.access.text))
        let others = [
            try mint.enrolled("edge-8").access, try authority.accessToken(for: "edge-7", role: .admin, by: .operator),
        ]
        try await authority.revoke(subject: "edge-7")
        for token in [pair.access, pair.refresh, key] { #expect(isRevoked(token)) }
        for token in others { #expect(!isRevoked(token)) }
        await #expect(throws: TokenError.invalid(.revoked)) {
            try await authority.refresh(pair.refresh.text, at: .clients)
        }
        let later = try await mint.restarted()
        for token in [pair.access, pair.refresh, key] { #expect(isRevoked(token, by: later.authority)) }
    }

    /// Even when the clock stands still, or goes back.
    @Test func whatIsMadeAfterwardsIsGood() async throws {
        let old = try mint.enrolled()
        try await authority.revoke(subject: "edge-7")
        let new = try mint.enrolled()
        #expect(isRevoked(old.access) && !isRevoked(new.access) && !isRevoked(new.refresh))
        _ = try await authority.refresh(new.refresh.text, at: .clients)
        mint.advance(by: .seconds(-30))
        try await authority.revoke(subject: "edge-7")
        #expect(isRevoked(new.access))
        #expect(!isRevoked(try mint.enrolled().access))
    }

    @Test func aTokenThatDoesNotSayWhenItWasMadeIsOld() async throws {
        let token = mint.forged(["sub": "edge-7", "role": "client", "exp": 1_795_003_600])
        _ = try authority.verify(token)
        try await authority.revoke(subject: "edge-7")
        #expect(mint.flaw(of: token) == .revoked)
    }

    @Test func aRevokedCallerMakesNoTokens() async throws {
        let caller = try authority.verify(mint.enrolled().access.text)
        try await authority.revoke(subject: "edge-7")
        #expect(throws: TokenError.invalid(.revoked)) { try authority.apiKey(role: .client, days: 1, by: caller) }
        #expect(throws: TokenError.invalid(.revoked)) {
            try authority.accessToken(for: "edge-7", role: .client, by: caller)
        }
    }

    /// Looks at a token, and exchanges another, while the revocation is on its way to the disk.
    @Test func aRevocationHoldsBeforeItIsDurable() async throws {
        let pair = try mint.enrolled()
        let seen = NIOLockedValueBox<[TokenFlaw?]>([])
        mint.disk.beforeEachCall { [mint] call, path in
            guard call == .fdatasync, path.hasSuffix(".jsonl") else { return }
            let flaw = mint.flaw(of: pair.access.text)
            seen.withLockedValue { $0.append(flaw) }
        }
        try await authority.revoke(subject: "edge-7")
        #expect(seen.withLockedValue { $0 } == [.revoked])
    }

    /// Whatever is handed out while a client is being revoked is revoked with it, or was asked for with newer tokens.
    @Test func nothingSlipsThroughARevocation() async throws {
        for round in 0..<30 {
            let id = "edge-\(round)"
            let first = try mint.enrolled(id)
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

    @Test func withoutTheDiskARevocationIsAnError() async throws {
        let pair = try mint.enrolled()
        mint.disk.fail(.pwrite, with: ENOSPC, times: 1)
        await #expect(throws: TokenError.self) { try await authority.revoke(subject: "edge-7") }
        #expect(!isRevoked(pair.access))
        try await authority.revoke(subject: "edge-7")
        #expect(isRevoked(pair.access))
    }

    /// A revocation that cannot be read is no permission.
    @Test func withoutTheDiskARevokedSubjectIsAnError() async throws {
        try await authority.revoke(subject: "edge-7")
        // What a server has written itself it has in memory, not what it found.
        let restarted = try await mint.restarted()
        let token = try restarted.enrolled().access
        restarted.disk.fail(.pread, with: EIO)
        let error = #expect(throws: TokenError.self) { try restarted.authority.verify(token.text) }
        guard let error, case .store = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func whatSpeaksOnlyOfExpiredTokensIsSwept() async throws {
        for id in 0..<10 {
            let pair = try mint.enrolled("edge-\(id)")
            mint.advance(by: .seconds(100))
            _ = try await authority.refresh(pair.refresh.text, at: .clients)
        }
        try await authority.revoke(subject: "edge-1")
        #expect(mint.spent.documentCount == 11)
        #expect(try await authority.sweep() == 0)
        // The first five families have expired, then all, then the API keys the revocation speaks of.
        mint.set(Mint.start.advanced(by: .seconds(90 * 86_400 + 501)))
        #expect(try await authority.sweep(countMax: 2) == 2)
        #expect(try await authority.sweep(countMax: 100) == 3)
        #expect(try await authority.sweep() == 0)
        mint.advance(by: .seconds(2000))
        #expect(try await authority.sweep() == 5)
        #expect(mint.spent.documentCount == 1)
        mint.advance(by: .seconds(3650 * 86_400))
        #expect(try await authority.sweep() == 1)
        #expect(mint.spent.documentCount == 0)
    }

    /// One document for each client, however often it comes: what is in memory does not grow with time.
    @Test func aClientThatComesEveryHourHasOneDocument() async throws {
        var pair = try mint.enrolled()
        for _ in 0..<200 {
            mint.advance(by: .seconds(3600))
            pair = try await authority.refresh(pair.refresh.text, at: .clients)
        }
        #expect(mint.spent.documentCount == 1)
    }
}
