import Disk
import Glibc
import JSON
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import ledge

struct AccessTokenTests {
    private static let login = "- host: HOST\n  name: n\n  token: refresh-1\n"

    @Test func tokenFilePrecedesTheVariable() async throws {
        let file = try TemporaryFile(Array("  file-token \n".utf8))
        let sent = try await Self.sent(file: file.path, environment: ["SCALEOUT_AUTH_TOKEN": "variable"])
        #expect(sent == "Bearer file-token")
    }

    @Test func variablePrecedesTheStoredLogin() async throws {
        let sent = try await Self.sent(environment: ["SCALEOUT_AUTH_TOKEN": "Bearer variable"], login: Self.login)
        #expect(sent == "Bearer variable")
    }

    @Test func noTokenIsSentWithoutOne() async throws {
        #expect(try await Self.sent(environment: ["SCALEOUT_AUTH_TOKEN": ""]) == nil)
    }

    /// The refresh token is valid once, so the next one replaces it for the official client.
    @Test func rotatedTokenReplacesTheStoredOne() async throws {
        let disk = FaultDisk()
        let other = "- host: http://other:1\n  name: o\n  token: other-1\n"
        #expect(try await Self.sent(login: other + Self.login, on: disk) == "Bearer access-1")
        let stored = try #require(disk.durableBytes(of: "/h/.scaleout/contexts.yaml"))
        let text = String(decoding: stored, as: UTF8.self)
        #expect(text.contains("token: refresh-2\n") && text.hasPrefix(other) && !text.contains("refresh-1"))
    }

    @Test func loginToAnotherServerIsNotUsed() async throws {
        #expect(try await Self.sent(login: "- host: http://other:1\n  name: o\n  token: other-1\n") == nil)
    }

    @Test func expiredAccessTokenIsRenewedOnce() async throws {
        let server = try await ScriptedServer { request, number in
            if request.line == "POST /api/auth/refresh" {
                return ScriptedServer.Response(body: #"{"access_token":"access-\#(number)"}"#)
            }
            let isExpired = request.authorization == "Bearer access-0"
            return ScriptedServer.Response(status: isExpired ? 401 : 200, body: Self.reply)
        }
        let disk = FaultDisk()
        try Self.store(Self.login, for: try server.url, on: disk)
        let client = HTTPClient(server: try server.url)
        let token = try AccessToken.find(file: nil, server: server.url, environment: ["HOME": "/h"], on: disk) { _ in }
        _ = try await UploadEndpoint(client: client, token: token).position(of: "a")
        #expect(
            server.requests.map { "\($0.line) \($0.authorization ?? "-")" } == [
                "POST /api/auth/refresh -", "GET /api/v1/file-upload/a Bearer access-0", "POST /api/auth/refresh -",
                "GET /api/v1/file-upload/a Bearer access-2",
            ]
        )
        try await server.close()
    }

    @Test func tokenThatOthersCanReadIsReported() throws {
        let file = try TemporaryFile(Array("token".utf8))
        let warnings = NIOLockedValueBox<[String]>([])
        for (mode, count) in [(mode_t(0o600), 0), (0o640, 1), (0o604, 2)] {
            chmod(file.path, mode)
            _ = try Self.find(file: file.path) { text in warnings.withLockedValue { $0.append(text) } }
            #expect(warnings.withLockedValue { $0.count } == count)
        }
    }

    @Test(arguments: [
        "", " \n", "a b c", "tok\u{1B}en", "tokén", "a\r\nX-Other: b", String(repeating: "a", count: 9_000),
    ])
    func textThatIsNoTokenIsRejectedWithoutIt(_ text: String) throws {
        let file = try TemporaryFile(Array(text.utf8))
        let error = #expect(throws: CommandFailure.self) { try Self.find(file: file.path) }
        #expect(error?.description == "\(file.path) does not contain a token")
    }

    @Test(arguments: ["admin_refresh", "client_refresh", "enrollment"])
    func tokenThatOnlyExchangesIsRejected(_ role: String) throws {
        #expect(throws: CommandFailure.self) {
            try Self.find(environment: ["SCALEOUT_AUTH_TOKEN": "x.\(Self.claims[role] ?? "").y"])
        }
    }

    @Test func missingTokenFileIsAnError() {
        #expect(throws: CommandFailure.self) { try Self.find(file: "/missing/token") }
    }
}

extension AccessTokenTests {
    private static let reply =
        #"{"file_name":"x","file_size":1,"bytes_received":0,"next_chunk_index":0,"chunk_size":1,"complete":false}"#

    /// `{"role":"…"}` in base64url.
    private static let claims = [
        "admin_refresh": "eyJyb2xlIjoiYWRtaW5fcmVmcmVzaCJ9", "client_refresh": "eyJyb2xlIjoiY2xpZW50X3JlZnJlc2gifQ",
        "enrollment": "eyJyb2xlIjoiZW5yb2xsbWVudCJ9",
    ]

    private static func find(
        file: String? = nil,
        environment: [String: String] = [:],
        warn: (String) -> Void = { _ in }
    ) throws -> AccessToken {
        let server = try ServerURL(parsing: "http://edge")
        return try AccessToken.find(file: file, server: server, environment: environment, on: FaultDisk(), warn: warn)
    }

    private static func store(_ login: String, for server: ServerURL, on disk: FaultDisk) throws {
        try disk.ensureDirectory("/h/.scaleout")
        try disk.publish(Array(login.replacing("HOST", with: server.text).utf8), at: "/h/.scaleout/contexts.yaml")
    }

    /// Returns the `Authorization` of the first request to the upload API.
    private static func sent(
        file: String? = nil,
        environment: [String: String] = [:],
        login: String? = nil,
        on disk: FaultDisk = FaultDisk()
    ) async throws -> String? {
        let server = try await ScriptedServer { request, _ in
            guard request.line == "POST /api/auth/refresh" else { return ScriptedServer.Response(body: reply) }
            let isFirst = String(decoding: request.body, as: UTF8.self).contains("refresh-1")
            let body = #"{"access_token":"access-1","refresh_token":"refresh-2"}"#
            return ScriptedServer.Response(status: isFirst ? 200 : 401, body: body)
        }
        if let login { try store(login, for: try server.url, on: disk) }
        let token = try AccessToken.find(
            file: file,
            server: try server.url,
            environment: environment.merging(["HOME": "/h"]) { value, _ in value },
            on: disk
        ) { _ in }
        _ = try await UploadEndpoint(client: HTTPClient(server: try server.url), token: token).position(of: "a")
        try await server.close()
        return try #require(server.requests.last { $0.line.hasPrefix("GET ") }).authorization
    }
}
