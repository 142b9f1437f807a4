import Blobs
import Federation
import HTTPTypes
import HummingbirdTesting
import JSON
import Store
import TestSupport
import Testing
import Tokens

@testable import API

struct AccessControlTests {
    private static func key() throws -> SigningKey {
        try #require(SigningKey(secret: Array("0123456789abcdef0123456789abcdef".utf8)))
    }

    private static func bearer(_ role: Role) throws -> [String: String] {
        ["Authorization": "Bearer \(try key().apiKey(for: "subject", role: role, days: 1).text)"]
    }

    private static func withAuthentication(_ body: @escaping @Sendable (ServerFixture, APIClient) async throws -> Void)
        async throws
    {
        let fixture = try ServerFixture(key: key())
        try await fixture.run { client async throws in try await body(fixture, client) }
    }

    /// Covers every endpoint: only those that are declared open are.
    @Test func requestWithoutATokenReachesOpenEndpointsOnly() async throws {
        try await Self.withAuthentication { fixture, client async throws in
            for endpoint in fixture.routes.makeTable().endpoints {
                let path = endpoint.path.replacing("{id}", with: "x")
                let answer = try await client.ask(endpoint.method, path)
                if case .open = endpoint.access {
                    #expect(try answer.status != 401 || answer.message != "Missing token", "\(endpoint.path)")
                } else {
                    #expect(answer.status == 401, "\(endpoint.method) \(endpoint.path)")
                    #expect(try answer.message == "Missing token")
                }
            }
        }
    }

    @Test(arguments: [Role.client, .combiner])
    func roleReachesItsEndpointsOnly(_ role: Role) async throws {
        try await Self.withAuthentication { fixture, client async throws in
            let headers = try Self.bearer(role)
            for endpoint in fixture.routes.makeTable().endpoints {
                let path = endpoint.path.replacing("{id}", with: "x")
                let status = try await client.ask(endpoint.method, path, headers: headers).status
                switch endpoint.access {
                // The endpoint itself refuses to create a client's token for a combiner.
                case .participants where endpoint.path == "/api/v1/auth/token": break
                case .admin, .enrollment: #expect(status == 403, "\(endpoint.method) \(endpoint.path)")
                case .open, .participants: #expect(status != 403, "\(endpoint.method) \(endpoint.path)")
                }
            }
        }
    }

    /// The table of roles in docs/API.md has exactly the endpoints of each role, as `METHOD path`.
    @Test func tableOfRolesListsTheEndpoints() throws {
        let lines = try Fixture.lines(of: "../docs/API.md")
        let rows: [(start: String, matches: (Endpoint.Access) -> Bool)] = [
            ("| no token |", { if case .open = $0 { true } else { false } }),
            ("| `client`, `combiner` |", { if case .participants = $0 { true } else { false } }),
            ("| `enrollment` |", { if case .enrollment = $0 { true } else { false } }),
        ]
        let endpoints = try ServerFixture().routes.makeTable().endpoints
        for (start, matches) in rows {
            let row = try #require(lines.first { $0.hasPrefix(start) }, "\(start)")
            let documented = row.dropFirst(start.count).split(separator: "`").map(String.init)
                .filter { $0.wholeMatch(of: /[A-Z]+ \S+/) != nil }
            let declared = endpoints.filter { matches($0.access) }.map { endpoint in
                let path = endpoint.path.replacing(Endpoint.prefix, with: "", maxReplacements: 1)
                return "\(endpoint.method.rawValue) \(path)"
            }
            #expect(documented.sorted() == declared.sorted(), "\(start)")
        }
    }

    @Test func clientDownloadsTheActivePackageOnly() async throws {
        try await Self.withAuthentication { fixture, client async throws in
            let packages = fixture.network.packages
            for name in ["old", "new"] {
                let intake = try await BlobIntake(fileName: "\(name).tgz", byteCount: 3, blobs: fixture.blobs)
                try await intake.take(Array(name.utf8))
                _ = try await packages.publish(["file_token": .string(try await intake.finish().token)])
            }
            let path = "/api/v1/packages/download"
            for role in [Role.client, .combiner] {
                let headers = try Self.bearer(role)
                for query in ["", "?name=new.tgz"] {
                    #expect(try await client.ask(.get, path + query, headers: headers).text == "new")
                }
                let refused = try await client.ask(.get, "\(path)?name=old.tgz", headers: headers)
                #expect(try refused.status == 404 && refused.message == "Entity not found")
            }
            #expect(try await client.ask(.get, "\(path)?name=old.tgz", headers: Self.bearer(.admin)).text == "old")
        }
    }

    @Test func administratorReachesEveryEndpoint() async throws {
        try await Self.withAuthentication { fixture, client async throws in
            let headers = try Self.bearer(.admin)
            for endpoint in fixture.routes.makeTable().endpoints {
                let path = endpoint.path.replacing("{id}", with: "x")
                let status = try await client.ask(endpoint.method, path, headers: headers).status
                guard case .open = endpoint.access else {
                    #expect(status != 401 && status != 403, "\(endpoint.method) \(endpoint.path)")
                    continue
                }
            }
        }
    }

    @Test(arguments: [
        ("Basic YTpi", "Invalid token scheme, expected Bearer"), ("Bearer", "Missing token"),
        ("Bearer None", "Invalid token"), ("Bearer a.b.c", "Invalid token"),
    ])
    func malformedAuthorizationIsRefused(_ header: String, _ message: String) async throws {
        try await Self.withAuthentication { _, client async throws in
            let answer = try await client.ask(.get, "/api/v1/models", headers: ["Authorization": header])
            #expect(answer.status == 401)
            #expect(try answer.message == message)
        }
    }

    /// Edge clients without a token send `Bearer None`.
    @Test func tokensAreIgnoredWithoutAuthentication() async throws {
        try await ServerFixture().run { client async throws in
            for header in ["Bearer None", "Bearer", "x"] {
                let answer = try await client.ask(.get, "/api/v1/models", headers: ["Authorization": header])
                #expect(answer.status == 200)
            }
            #expect(try await client.ask(.post, "/api/v1/auth/token", [:]).status == 400)
        }
    }

    @Test func enrolledClientRefreshesItsToken() async throws {
        try await Self.withAuthentication { _, client async throws in
            let made = try await client.ask(
                .post,
                "/api/v1/auth/enrollment-tokens",
                headers: Self.bearer(.admin),
                ["name": "site", "expires_in_hours": 1]
            )
            #expect(made.status == 201)
            let enrolment = try #require(try made.json[path: "token"]?.string)
            let enrolled = try await client.ask(
                .post,
                "/api/v1/clients/enroll",
                headers: ["Authorization": "Bearer \(enrolment)"],
                ["client_id": "edge-1"]
            ).json
            #expect(enrolled[path: "client_id"] == "edge-1")
            let refresh = try #require(enrolled[path: "refresh_token"])
            let renewed = try await client.ask(
                .post,
                "/api/v1/clients/token",
                ["refresh_token": refresh, "role": "client"]
            )
            #expect(renewed.status == 200)
            #expect(try (1...3600).contains(renewed.json[path: "expires_in"]?.int ?? 0))
            let access = try #require(try renewed.json[path: "access_token"]?.string)
            let joined = try await client.ask(
                .post,
                "/api/v1/clients/add",
                headers: ["Authorization": "Bearer \(access)"],
                ["name": "n"]
            )
            #expect(try joined.message == "No combiner available.", "it is authorized")
            let elsewhere = try await client.ask(.post, "/api/auth/refresh", ["refresh_token": refresh])
            #expect(elsewhere.status == 401)
        }
    }

    @Test func approvedLoginReturnsItsToken() async throws {
        try await Self.withAuthentication { _, client async throws in
            let begun = try await client.ask(.post, "/api/cli-auth/init").json
            let id = try #require(begun[path: "requestId"]?.string)
            let secret = try #require(begun[path: "pollToken"]?.string)
            let status = "/api/cli-auth/status?requestId=\(id)&pollToken=\(secret)"
            #expect(try await client.ask(.get, status).json == ["status": "pending"])
            let page = try await client.ask(.get, "/login?requestId=\(id)%22%3E")
            #expect(page.text.contains("value=\"\(id)\""), "only characters of ids are inserted into the page")
            let token = try Self.key().apiKey(for: "ann", role: .admin, days: 1).text
            let form = "requestId=\(id)&token=\(token)&decision=approve"
            #expect(try await client.ask(.post, "/login", form: form).status == 200)
            #expect(
                try await client.ask(.get, "/api/cli-auth/status?requestId=\(id)&pollToken=x").json[path: "status"]
                    == "error"
            )
            let done = try await client.ask(.get, status).json
            #expect(done[path: "status"] == "done")
            let refresh: JSON = ["refresh_token": done[path: "refresh_token"] ?? .null, "role": "client"]
            #expect(try await client.ask(.post, "/api/auth/refresh", refresh).status == 200)
            #expect(try await client.ask(.get, status).json[path: "status"] == "error", "returned once")
        }
    }

    @Test func headOfALoginStatusHasNoEffect() async throws {
        try await Self.withAuthentication { _, client async throws in
            let begun = try await client.ask(.post, "/api/cli-auth/init").json
            let id = try #require(begun[path: "requestId"]?.string)
            let secret = try #require(begun[path: "pollToken"]?.string)
            let token = try Self.key().apiKey(for: "ann", role: .admin, days: 1).text
            _ = try await client.ask(.post, "/login", form: "requestId=\(id)&token=\(token)")
            let status = "/api/cli-auth/status?requestId=\(id)&pollToken=\(secret)"
            for _ in 0..<3 { #expect(try await client.ask(.head, status).status == 200) }
            let listed = try await client.ask(.get, "/api/v1/auth/tokens", headers: Self.bearer(.admin)).json
            #expect(listed[path: "count"] == 0, "HEAD issues no tokens")
            #expect(try await client.ask(.get, status).json[path: "status"] == "done")
        }
    }

    @Test func tooManyLoginsAreRefusedWithoutLosingAPendingOne() async throws {
        try await Self.withAuthentication { _, client async throws in
            let begun = try await client.ask(.post, "/api/cli-auth/init").json
            var answer = try await client.ask(.post, "/api/cli-auth/init")
            for _ in 0..<300 where answer.status == 200 { answer = try await client.ask(.post, "/api/cli-auth/init") }
            #expect(answer.status == 429)
            #expect((1...601).contains(Int(answer["Retry-After"] ?? "") ?? 0))
            let (id, secret) = (begun[path: "requestId"]?.string ?? "", begun[path: "pollToken"]?.string ?? "")
            let status = "/api/cli-auth/status?requestId=\(id)&pollToken=\(secret)"
            #expect(try await client.ask(.get, status).json == ["status": "pending"])
        }
    }

    /// An attacker may send the address of the page: it shows who began the log-in.
    @Test func loginPageShowsWhoBeganIt() async throws {
        try await Self.withAuthentication { _, client async throws in
            let headers = ["User-Agent": "<b>curl</b>\u{202e}", "X-Forwarded-For": "10.0.0.7"]
            let begun = try await client.ask(.post, "/api/cli-auth/init", headers: headers).json
            let id = try #require(begun[path: "requestId"]?.string)
            let page = try await client.ask(.get, "/login?requestId=\(id)").text
            for text in [
                "<td>\(id.suffix(6)): ", "&lt;b&gt;curl&lt;/b&gt;\u{fffd}", "<td>10.0.0.7</td>", "UTC, 0 min ",
                "Approve only if you yourself started this", ">Refuse</button>",
            ] { #expect(page.contains(text), "\(text)") }
            #expect(!page.contains("<b>"))
            let unknown = try await client.ask(.get, "/login?requestId=x").text
            #expect(unknown.contains("No log-in with this address is pending"))
            #expect(try await client.ask(.post, "/login", form: "requestId=\(id)&decision=deny").status == 200)
            #expect(try await client.ask(.post, "/login", form: "requestId=\(id)&decision=deny").status == 404)
        }
    }

    /// Every answer with a member that is a token is declared as secret, and is not cached.
    @Test func answersWithTokensAreNotCached() async throws {
        let names = ["token", "access_token", "refresh_token", "pollToken"]
        let fixture = try ServerFixture(key: Self.key())
        let secret = fixture.routes.makeTable().endpoints.filter { endpoint in
            let contents = endpoint.answers.map(\.content)
            let hasToken = contents.contains { content in
                guard case .object(let members) = content else { return false }
                return members.contains { names.contains($0.name) }
            }
            #expect(hasToken == endpoint.isSecret, "\(endpoint.path)")
            return endpoint.isSecret
        }
        #expect(secret.count == 7)
        try await fixture.run { client async throws in
            let made = try await client.ask(.post, "/api/v1/auth/token", headers: Self.bearer(.admin), [:])
            #expect(made.status == 201 && made["Cache-Control"] == "no-store")
            let begun = try await client.ask(.post, "/api/cli-auth/init")
            #expect(begun.status == 200 && begun["Cache-Control"] == "no-store")
        }
    }

    @Test func everyAnswerForbidsContentSniffing() async throws {
        try await Self.withAuthentication { fixture, client async throws in
            for endpoint in fixture.routes.makeTable().endpoints {
                for headers in [[:], try Self.bearer(.admin)] {
                    let path = endpoint.path.replacing("{id}", with: "x")
                    let answer = try await client.ask(endpoint.method, path, headers: headers)
                    #expect(answer["X-Content-Type-Options"] == "nosniff", "\(endpoint.method) \(path)")
                }
            }
            #expect(try await client.ask(.get, "/unknown")["X-Content-Type-Options"] == "nosniff")
        }
    }

    @Test func deletedClientIsUnauthorized() async throws {
        try await Self.withAuthentication { fixture, client async throws in
            try await fixture.addClient("subject", name: "n")
            let headers = try Self.bearer(.client)
            #expect(try await client.ask(.get, "/api/v1/helpers/active", headers: headers).status == 200)
            let deleted = try await client.ask(.delete, "/api/v1/clients/subject", headers: Self.bearer(.admin))
            #expect(deleted.status == 200)
            #expect(try await client.ask(.get, "/api/v1/helpers/active", headers: headers).status == 401)
        }
    }

    @Test func deletionRevokesTokensOfAClientThatNeverJoined() async throws {
        try await Self.withAuthentication { _, client async throws in
            let headers = try Self.bearer(.client)
            #expect(try await client.ask(.get, "/api/v1/helpers/active", headers: headers).status == 200)
            let deleted = try await client.ask(.delete, "/api/v1/clients/subject", headers: Self.bearer(.admin))
            #expect(deleted.status == 200)
            #expect(try deleted.message == "No client of this id is registered; all tokens of the id are revoked")
            #expect(try await client.ask(.get, "/api/v1/helpers/active", headers: headers).status == 401)
            let again = try await client.ask(.delete, "/api/v1/clients/subject", headers: Self.bearer(.admin))
            #expect(again.status == 200, "it can be repeated")
        }
    }

    @Test func pathsAreServedBelowThePrefix() async throws {
        var options = ServerOptions()
        options.pathPrefix = "/edge"
        try await ServerFixture(options: options).run { client async throws in
            for path in ["/api/v1/models/", "/edge/api/v1/models/", "/edge/health"] {
                #expect(try await client.ask(.get, path).status == 200)
            }
            #expect(try await client.ask(.delete, "/edge/api/v1/models").status == 405)
            #expect(try await client.ask(.get, "/other/api/v1/models").status == 404)
        }
    }
}
