import HTTPTypes
import HummingbirdTesting
import JSON
import Testing
import Tokens

@testable import API

/// The administrators' list of tokens, and revocation.
struct TokenListRouteTests {
    private static let list = "/api/v1/auth/tokens"
    private static let revoke = "/api/v1/auth/tokens/revoke"

    private static func withAuthentication(
        _ body: @escaping @Sendable (APIClient, _ admin: [String: String]) async throws -> Void
    ) async throws {
        let key = try #require(SigningKey(secret: Array("0123456789abcdef0123456789abcdef".utf8)))
        let admin = bearer(.string(key.apiKey(for: "ann", role: .admin, days: 365).text))
        try await ServerFixture(key: key).run { client async throws in try await body(client, admin) }
    }

    private static func bearer(_ token: JSON?) -> [String: String] {
        ["Authorization": "Bearer \(token?.string ?? "")"]
    }

    @Test func listedKeyIsRevokedByItsID() async throws {
        try await Self.withAuthentication { client, admin async throws in
            let made = try await client.ask(.post, "/api/v1/auth/token", headers: admin, ["expires_in_days": 2]).json
            let key = Self.bearer(made[path: "token"])
            #expect(try await client.ask(.get, "/api/v1/helpers/active", headers: key).status == 200)
            let listed = try await client.ask(.get, Self.list, headers: admin).json
            #expect(listed[path: "count"] == 1)
            let record = try #require(listed[path: "result"]?.array?.first?.object)
            #expect(record["kind"] == "api_key" && record["role"] == "client" && record["subject"] == "ann")
            #expect(record["expires_at"] == made[path: "expires_at"] && record["revoked"] == false)
            let id: JSON = ["id": record["id"] ?? .null]
            #expect(try await client.ask(.post, Self.revoke, headers: admin, id).status == 200)
            #expect(try await client.ask(.get, "/api/v1/helpers/active", headers: key).status == 401)
            let after = try await client.ask(.get, "\(Self.list)?subject=ann&role=client", headers: admin).json
            #expect(after[path: "result"]?.array?.first?.object?["revoked"] == true)
            #expect(after[path: "result"]?.array?.first?.object?["expires_at"] == .null)
        }
    }

    @Test func rolesAreRevoked() async throws {
        try await Self.withAuthentication { client, admin async throws in
            let made = try await client.ask(.post, "/api/v1/auth/token", headers: admin, ["token_type": "combiner"])
                .json
            let combiner = Self.bearer(made[path: "token"])
            #expect(try await client.ask(.post, Self.revoke, headers: admin, ["role": "client"]).status == 200)
            #expect(try await client.ask(.get, "/api/v1/helpers/active", headers: combiner).status == 200)
            let both: JSON = ["subject": "ann", "role": "combiner"]
            #expect(try await client.ask(.post, Self.revoke, headers: admin, both).status == 200)
            #expect(try await client.ask(.get, "/api/v1/helpers/active", headers: combiner).status == 401)
            // The administrator's own token, too.
            #expect(try await client.ask(.post, Self.revoke, headers: admin, ["subject": "ann"]).status == 200)
            #expect(try await client.ask(.get, Self.list, headers: admin).status == 401)
        }
    }

    static let malformed: [JSON] = [
        [:], ["id": ""], ["id": 1], ["id": "a", "subject": "b"], ["id": "a", "role": "admin"], ["role": "root"],
        ["role": "admin_refresh"], ["subject": "a", "role": "root"],
    ]

    @Test(arguments: malformed)
    func malformedRevocationIsRefused(_ fields: JSON) async throws {
        try await Self.withAuthentication { client, admin async throws in
            #expect(try await client.ask(.post, Self.revoke, headers: admin, fields).status == 400)
            #expect(try await client.ask(.get, "\(Self.list)?role=root", headers: admin).status == 400)
            #expect(try await client.ask(.get, Self.list, headers: admin).status == 200)
        }
    }
}
