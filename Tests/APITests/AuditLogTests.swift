import HTTPTypes
import HummingbirdTesting
import JSON
import NIOConcurrencyHelpers
import Testing
import Tokens

@testable import API

struct AuditLogTests {
    private static func key() throws -> SigningKey {
        try #require(SigningKey(secret: Array("0123456789abcdef0123456789abcdef".utf8)))
    }

    @Test func tokensAreLoggedWithoutTheirText() async throws {
        let lines = RecordedLog()
        let root = try Self.key().apiKey(for: "ann", role: .admin, days: 1)
        let admin = ["Authorization": "Bearer \(root.text)"]
        try await ServerFixture(key: Self.key(), logger: lines.logger).run { client async throws in
            let key = try await client.ask(.post, "/api/v1/auth/token", headers: admin, [:]).json
            let site = try await client.ask(.post, "/api/v1/auth/enrollment-tokens", headers: admin, [:]).json
            let enroll = ["Authorization": "Bearer \(site[path: "token"]?.string ?? "")"]
            _ = try await client.ask(.post, "/api/v1/clients/enroll", headers: enroll, ["client_id": "edge\n1"])
            let begun = try await client.ask(.post, "/api/cli-auth/init").json
            let (id, poll) = (begun[path: "requestId"]?.string ?? "", begun[path: "pollToken"]?.string ?? "")
            _ = try await client.ask(.post, "/login", form: "requestId=\(id)&token=\(root.text)")
            let done = try await client.ask(.get, "/api/cli-auth/status?requestId=\(id)&pollToken=\(poll)").json
            _ = try await client.ask(.post, "/api/v1/auth/tokens/revoke", headers: admin, ["id": .string(root.id)])
            #expect(try await client.ask(.get, "/api/v1/models", headers: admin).status == 401)

            let issued = lines.with("issued a token")
            #expect(issued.map { $0["kind"] } == ["api_key", "enrollment", "family", "family"])
            #expect(issued.map { $0["subject"] } == ["ann", "enrollment", "edge\u{fffd}1", "ann"])
            #expect(issued.allSatisfy { $0["id"] != nil && $0["role"] != nil && $0["by"] != nil })
            #expect(lines.with("a log-in was begun").map { $0["code"] } == [String(id.suffix(6))])
            #expect(lines.with("a log-in was approved").map { $0["subject"] } == ["ann"])
            #expect(lines.with("revoked tokens").map { $0["id"] } == [root.id])
            let refused = try #require(lines.with("refused a request").first)
            #expect(refused["subject"] == "ann" && refused["id"] == root.id)
            #expect(refused["request"] == "GET /api/v1/models")
            let tokens = [key[path: "token"], site[path: "token"], done[path: "refresh_token"]].map { $0?.string ?? "" }
            for secret in tokens + [root.text, poll] {
                #expect(!secret.isEmpty && !lines.all.contains { "\($0)".contains(secret) })
            }
        }
    }

    @Test func repeatedUseOfARefreshTokenIsAWarning() async throws {
        let lines = RecordedLog()
        let root = try Self.key().apiKey(for: "ann", role: .admin, days: 1).text
        let admin = ["Authorization": "Bearer \(root)"]
        try await ServerFixture(key: Self.key(), logger: lines.logger).run { client async throws in
            let first = try await client.ask(.post, "/api/v1/clients/enroll", headers: admin, ["client_id": "e"]).json
            var token = first[path: "refresh_token"] ?? .null
            for _ in 0..<2 {
                let next = try await client.ask(.post, "/api/v1/clients/token", ["refresh_token": token]).json
                token = next[path: "refresh_token"] ?? .null
            }
            let again: JSON = ["refresh_token": first[path: "refresh_token"] ?? .null]
            #expect(try await client.ask(.post, "/api/v1/clients/token", again).status == 401)
            #expect(lines.with("a refresh token was used again: its log-in or client is revoked").count == 1)
        }
    }

    @Test func refusedRequestsDoNotFillTheLog() {
        let lines = RecordedLog()
        let now = ContinuousClock.now
        let audit = AuditLog(lines.logger, limiter: LineLimiter(countMax: 30) { now })
        for _ in 0..<1000 {
            audit.refused(.get, "/api/v1/models", TokenError.missing, of: nil, from: "192.0.2.1")
            audit.loginBegun("a", LoginRequests.Requester())
        }
        #expect(lines.all.count == 30)
        // What needs a valid token is always logged.
        for _ in 0..<100 { audit.revoked(role: .client, by: .operator, from: nil) }
        #expect(lines.with("revoked tokens").count == 100)
    }

    @Test func limiterCountsTheLinesThatItLeavesOut() {
        let start = ContinuousClock.now
        let time = NIOLockedValueBox(start)
        let limiter = LineLimiter(countMax: 2, period: .seconds(60)) { time.withLockedValue { $0 } }
        #expect((0..<5).map { _ in limiter.admit() } == [0, 0, nil, nil, nil])
        time.withLockedValue { $0 = start.advanced(by: .seconds(60)) }
        #expect((0..<3).map { _ in limiter.admit() } == [3, 0, nil])
        time.withLockedValue { $0 = start.advanced(by: .seconds(119)) }
        #expect(limiter.admit() == nil)
    }

    @Test func textOfARequestCannotForgeALine() {
        #expect("a\nb\u{1b}[31m\u{9b}\u{202e}\u{2028}é".printable == "a\u{fffd}b\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}é")
        #expect(String(repeating: "x", count: 1000).printable == String(repeating: "x", count: 200) + "…")
    }
}
