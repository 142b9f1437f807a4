import Glibc
import JSON
import NIOConcurrencyHelpers
import Store
import TestSupport
import Testing

@testable import Tokens

struct RefreshTests {
    private let fixture: TokenFixture
    private var authority: TokenAuthority { fixture.authority }

    init() throws {
        fixture = try TokenFixture()
    }

    private func claims(of token: IssuedToken) throws -> Claims {
        try Claims(JSONWebToken.open(token.text, with: fixture.key))
    }

    @Test func refreshTokenIsExchangedForANewPair() async throws {
        let first = try fixture.enrolled()
        fixture.advance(by: .seconds(3600))
        #expect(throws: TokenError.expired(at: fixture.now)) { try authority.verify(first.access.text) }
        let second = try await authority.refresh(first.refresh.text, at: .clients)
        #expect(try authority.verify(second.access.text).subject == "edge-7")
        #expect(try authority.verify(second.access.text).role == .client)
        #expect(second.refresh.text != first.refresh.text)
        #expect(second.refresh.role == .clientRefresh)
        #expect(second.refresh.expiresAt == fixture.now.advanced(by: .seconds(90 * 86_400)))
        _ = try await authority.refresh(second.refresh.text, at: .clients)
    }

    @Test func refreshedTokensKeepTheRole() async throws {
        for (role, endpoint) in [(Role.admin, RefreshEndpoint.others), (.combiner, .others), (.client, .clients)] {
            let first = try authority.pair(for: "someone", role: role, by: .operator)
            let second = try await authority.refresh(first.refresh.text, at: endpoint)
            #expect(second.access.role == role)
            #expect(try authority.verify(second.access.text).role == role)
        }
    }

    @Test func endpointsAcceptOnlyTheirRefreshTokens() async throws {
        let client = try fixture.enrolled()
        let admin = try authority.pair(for: "root", role: .admin, by: .operator)
        let others: [(IssuedToken, RefreshEndpoint)] = [
            (client.refresh, .others), (admin.refresh, .clients), (client.access, .clients), (client.access, .others),
            (admin.access, .others), (try authority.apiKey(role: .admin, days: 1, by: .operator), .others),
            (try authority.enrollmentToken(name: "lab", hours: 1, by: .operator), .clients),
        ]
        for (token, endpoint) in others {
            await #expect(throws: TokenError.invalid(.purpose(token.role))) {
                try await authority.refresh(token.text, at: endpoint)
            }
        }
        // None of these attempts marked a token as used.
        #expect(fixture.spent.documentCount == 0)
        _ = try await authority.refresh(client.refresh.text, at: .clients)
    }

    @Test func refreshTokenWithoutFamilyIsRejected() async throws {
        let token = fixture.forged(["sub": "edge-7", "role": "client_refresh", "exp": 1_795_003_600])
        await #expect(throws: TokenError.invalid(.claim("family"))) { try await authority.refresh(token, at: .clients) }
    }

    @Test func expiredRefreshTokenIsRejected() async throws {
        let pair = try fixture.enrolled()
        fixture.set(pair.refresh.expiresAt)
        await #expect(throws: TokenError.expired(at: fixture.now)) {
            try await authority.refresh(pair.refresh.text, at: .clients)
        }
    }

    @Test func refreshCanBeRepeatedAfterALostAnswer() async throws {
        let first = try fixture.enrolled()
        let lost = try await authority.refresh(first.refresh.text, at: .clients)
        fixture.advance(by: .seconds(59))
        let again = try await authority.refresh(first.refresh.text, at: .clients)
        // The repeated token has the same generation and the same expiry as the lost one.
        #expect(try claims(of: again.refresh).lineage == claims(of: lost.refresh).lineage)
        #expect(again.refresh.expiresAt == lost.refresh.expiresAt)
        fixture.advance(by: .seconds(3600))
        _ = try await authority.refresh(again.refresh.text, at: .clients)
    }

    @Test func reusedTokenRevokesItsFamily() async throws {
        let stolen = try fixture.enrolled()
        let other = try fixture.enrolled()
        let owners = try await authority.refresh(stolen.refresh.text, at: .clients)
        fixture.advance(by: .seconds(61))
        await #expect(throws: TokenError.invalid(.reused)) {
            try await authority.refresh(stolen.refresh.text, at: .clients)
        }
        for token in [owners, stolen] {
            await #expect(throws: TokenError.invalid(.revoked)) {
                try await authority.refresh(token.refresh.text, at: .clients)
            }
        }
        // The revocation survives a restart, and another family of the same client is not affected.
        let later = try await fixture.restarted()
        await #expect(throws: TokenError.invalid(.revoked)) {
            try await later.authority.refresh(owners.refresh.text, at: .clients)
        }
        _ = try await later.authority.refresh(other.refresh.text, at: .clients)
    }

    /// This is true within the grace period, too: its successor was used, so its answer was not lost.
    @Test func olderGenerationRevokesItsFamily() async throws {
        let first = try fixture.enrolled()
        let second = try await authority.refresh(first.refresh.text, at: .clients)
        _ = try await authority.refresh(second.refresh.text, at: .clients)
        await #expect(throws: TokenError.invalid(.reused)) {
            try await authority.refresh(first.refresh.text, at: .clients)
        }
    }

    /// The answer may have been lost in a crash, and the server may have been down for longer than the grace period.
    @Test func gracePeriodRestartsWithTheProcess() async throws {
        let first = try fixture.enrolled()
        _ = try await authority.refresh(first.refresh.text, at: .clients)
        fixture.advance(by: .seconds(7200))
        let later = try await fixture.restarted()
        later.advance(by: .seconds(59))
        _ = try await later.authority.refresh(first.refresh.text, at: .clients)
        later.advance(by: .seconds(1))
        await #expect(throws: TokenError.invalid(.reused)) {
            try await later.authority.refresh(first.refresh.text, at: .clients)
        }
    }

    @Test func restoredDirectoryAcceptsNewerTokens() async throws {
        var pair = try fixture.enrolled()
        pair = try await authority.refresh(pair.refresh.text, at: .clients)
        try await fixture.store.close()
        let backup = fixture.disk.copy()
        let running = try TokenFixture(on: fixture.disk, at: fixture.now)
        for _ in 0..<3 { pair = try await running.authority.refresh(pair.refresh.text, at: .clients) }
        let restored = try TokenFixture(on: backup, at: fixture.now)
        _ = try await restored.authority.refresh(pair.refresh.text, at: .clients)
    }

    @Test func concurrentUsesAreRepetitions() async throws {
        for _ in 0..<20 {
            let first = try fixture.enrolled()
            let pairs = try await withThrowingTaskGroup(of: TokenPair.self) { [authority] group in
                for _ in 0..<8 {
                    group.addTask { try await authority.refresh(first.refresh.text, at: .clients) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(try pairs.map { try claims(of: $0.refresh).lineage?.generation }) == [1])
        }
        #expect(fixture.spent.documentCount == 20)
    }

    @Test func malformedFamilyDocumentIsAnError() async throws {
        let pair = try fixture.enrolled()
        let family = try #require(claims(of: pair.refresh).lineage?.family)
        _ = try await fixture.spent.insert(["scope": .string("family:\(family)"), "generation": "1"])
        let error = await #expect(throws: TokenError.self) {
            try await authority.refresh(pair.refresh.text, at: .clients)
        }
        guard let error, case .store(let cause) = error, cause.isDamage else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// Compares random uses of random tokens with a simple model of the rules.
    @Test func familiesEqualTheirModel() async throws {
        var generator = SeededGenerator()
        struct Family {
            /// The issued tokens, by generation.
            var tokens: [[String]]
            var newestUsedAt = Timestamp.earliest
            var hasEnded = false
        }
        var families = try (0..<6).map { Family(tokens: [[try fixture.enrolled("edge-\($0)").refresh.text]]) }
        var counts = (good: 0, reused: 0)
        for step in 0..<1500 {
            // Each step is at another time: the log would move the second of two equal times by a microsecond.
            fixture.advance(by: .milliseconds(Int.random(in: 1...30_000, using: &generator)))
            let place = Int.random(in: 0..<families.count, using: &generator)
            var family = families[place]
            // Mostly the newest token, as in regular use.
            let newest = family.tokens.count - 1
            let age = [0, 0, 0, 0, 0, 1, 1, 2].randomElement(using: &generator) ?? 0
            let generation = max(0, newest - age)
            let token = family.tokens[generation].randomElement(using: &generator) ?? ""
            let isForgiven = fixture.now < family.newestUsedAt.advanced(by: .seconds(60))
            let comment = Comment("step \(step), SEED=\(SeededGenerator.runSeed)")
            do {
                let pair = try await authority.refresh(token, at: .clients)
                #expect(!family.hasEnded && (generation == newest || generation == newest - 1 && isForgiven), comment)
                if generation == newest {
                    family.tokens.append([])
                    family.newestUsedAt = fixture.now
                }
                family.tokens[generation + 1].append(pair.refresh.text)
                counts.good += 1
            } catch {
                if family.hasEnded {
                    #expect(error == .invalid(.revoked), comment)
                } else {
                    #expect(error == .invalid(.reused), comment)
                    #expect(generation < newest - 1 || generation < newest && !isForgiven, comment)
                    counts.reused += 1
                }
                family = Family(tokens: [[try fixture.enrolled("edge-\(place)").refresh.text]])
            }
            families[place] = family
        }
        #expect(counts.good > 500 && counts.reused > 50, "\(counts)")
    }
}
