import Federation
import HTTPTypes
import HummingbirdTesting
import JSON
import Testing

@testable import API

/// Which hosts are served, and which web pages may use the server.
struct BrowserAccessTests {
    typealias Caller = BrowserAccess.Caller

    static func access(
        listening host: String = "127.0.0.1",
        authenticated: Bool = false,
        hosts: [String] = [],
        origins: [String] = []
    ) throws -> BrowserAccess {
        var options = ServerOptions()
        options.host = host
        options.allowedHosts = try hosts.map { try #require(AllowedHost(parsing: $0)) }
        options.allowedOrigins = try origins.map { try #require(AllowedOrigin(parsing: $0)) }
        return BrowserAccess(options, isAuthenticated: authenticated)
    }

    static let loopback = ["localhost", "LocalHost:8092", "127.0.0.1", "127.9.8.7:1", "[::1]", "[::1]:8092"]
    static let foreign = [
        "evil.example", "evil.example:8092", "localhost.evil.example", "127.0.0.1.evil.example", "evil", "", ":", "a b",
        "[::1", "http://localhost", "localhost@evil.example", "127.1", "[evil.example]", "localhost:99999",
    ]

    @Test(arguments: ["127.0.0.1", "::1", "localhost", "192.168.1.20", "0.0.0.0", "::", "edge-node"])
    func onlyLoopbackNamesAreServed(_ listening: String) throws {
        let access = try Self.access(listening: listening)
        for host in Self.loopback {
            #expect(access.decide(Caller(method: .get, host: host)) == .allowed, "\(host)")
        }
        for host in Self.foreign {
            for method in [HTTPRequest.Method.get, .head, .options, .post, .delete] {
                guard case .refused(let error) = access.decide(Caller(method: method, host: host)) else {
                    Issue.record("\(host) is served")
                    continue
                }
                #expect(error.status == .misdirectedRequest)
                #expect(error.answer.contains("--allow-host"))
            }
        }
        #expect(access.decide(Caller(method: .get)) == .allowed, "HTTP/1.0 without a Host is not from a browser")
    }

    @Test(arguments: [
        ("192.168.1.20", ["192.168.1.20", "192.168.1.20:80"], ["192.168.1.21", "10.0.0.1", "[fe80::1]"]),
        ("127.0.0.1", [], ["192.168.1.20", "0.0.0.0", "[::]"]),
        ("0.0.0.0", ["192.168.1.20:8092", "10.0.0.1", "[fe80::1]:8092", "0.0.0.0"], ["edge-node"]),
        ("::", ["192.168.1.20", "[FE80:0:0::1]"], ["edge-node"]),
        ("FE80:0::1", ["[fe80::1]", "[fe80:0:0:0:0:0:0:1]:8092"], ["[fe80::2]"]),
        ("edge-node", ["edge-node", "Edge-Node:8092", "edge-node.", "192.168.1.20"], ["edge-node.example"]),
    ])
    func addressListenedOnIsServed(_ listening: String, _ served: [String], _ refused: [String]) throws {
        let access = try Self.access(listening: listening)
        for host in served { #expect(access.decide(Caller(method: .post, host: host)) == .allowed, "\(host)") }
        for host in refused { #expect(access.decide(Caller(method: .post, host: host)) != .allowed, "\(host)") }
    }

    @Test func declaredHostsAreServed() throws {
        let access = try Self.access(hosts: ["edge.example", "api.example:8443", "tls.example:443", "10.0.0.5"])
        let served = [
            "edge.example", "EDGE.example.:1", "api.example:8443", "tls.example", "tls.example:443", "10.0.0.5:7",
            "localhost",
        ]
        let refused = [
            "api.example", "api.example:8444", "tls.example:80", "x.edge.example", "evil.example", "10.0.0.6",
        ]
        for host in served { #expect(access.decide(Caller(method: .get, host: host)) == .allowed, "\(host)") }
        for host in refused { #expect(access.decide(Caller(method: .get, host: host)) != .allowed, "\(host)") }
        let all = try Self.access(hosts: ["*"])
        #expect(all.decide(Caller(method: .get, host: "evil.example")) == .allowed)
    }

    /// A page that resolves its name to the server's address has no token.
    @Test func hostsAreCheckedWithAuthenticationOnlyIfSomeAreDeclared() throws {
        let open = try Self.access(listening: "0.0.0.0", authenticated: true)
        #expect(open.decide(Caller(method: .post, host: "edge-node:8092")) == .allowed)
        let declared = try Self.access(listening: "0.0.0.0", authenticated: true, hosts: ["edge-node"])
        #expect(declared.decide(Caller(method: .post, host: "edge-node:8092")) == .allowed)
        #expect(declared.decide(Caller(method: .post, host: "evil.example")) != .allowed)
    }

    /// Every combination of method, origin, the browser's own comparison, and allowed origins.
    @Test func pagesOfOtherOriginsMayOnlyReadBlindlyUnlessAllowed() throws {
        let page = "https://app.example:8443"
        let origins: [(text: String?, isOwn: Bool)] = [
            (nil, true), ("http://edge.example", true), ("https://edge.example", true),
            ("HTTPS://EDGE.example:443", true),
            ("http://edge.example:8092", false), (page, false), ("null", false), ("", false), ("edge.example", false),
            ("file://", false), ("chrome-extension://edge.example", false), ("http://edge.example/", false),
            ("http://edge.example, http://edge.example", false),
        ]
        let methods: [HTTPRequest.Method] = [.get, .head, .options, .post, .put, .patch, .delete, .connect, .trace]
        for authenticated in [false, true] {
            for allowed in [[], [page], ["*"]] {
                let access = try Self.access(authenticated: authenticated, hosts: ["edge.example"], origins: allowed)
                for (origin, isOwn) in origins {
                    for site in [nil, "none", "same-origin", "same-site", "cross-site", "x"] {
                        for method in methods {
                            for requested in [nil, "POST"] {
                                let caller = Caller(
                                    method: method,
                                    host: "edge.example",
                                    origin: origin,
                                    fetchSite: site,
                                    requestedMethod: requested
                                )
                                let isForeign = site.map { $0 != "none" && $0 != "same-origin" } ?? !isOwn
                                let value = allowed == ["*"] ? "*" : allowed == [page] && origin == page ? page : nil
                                let isPreflight = method == .options && requested != nil
                                let decision = access.decide(caller)
                                if !isForeign {
                                    #expect(decision == .allowed, "\(caller)")
                                } else if let value {
                                    #expect(
                                        decision == (isPreflight ? .preflight(value) : .allowedAcrossOrigins(value))
                                    )
                                } else if [.get, .head, .options].contains(method), !isPreflight {
                                    #expect(decision == .allowed, "\(caller)")
                                } else if case .refused(let error) = decision {
                                    #expect(error.status == .forbidden && error.answer.contains("--allow-origin"))
                                } else {
                                    Issue.record("\(caller): \(decision)")
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// A proxy that ends TLS on a port of its own passes the host on without it, or with another scheme's.
    @Test func sameOriginIgnoresTheSchemeOnly() throws {
        let access = try Self.access(hosts: ["*"])
        for (origin, host, isSame) in [
            ("https://h", "h", true), ("http://h", "h", true), ("https://h", "h:443", true), ("http://h", "h:80", true),
            ("http://h:81", "h:81", true), ("https://h", "h:80", false), ("http://h", "h:8092", false),
            ("http://[::1]:5", "[0:0::1]:5", true), ("http://h:81", "i:81", false), ("ftp://h", "h", false),
        ] {
            let decision = access.decide(Caller(method: .post, host: host, origin: origin))
            #expect((decision == .allowed) == isSame, "\(origin) \(host)")
        }
    }

    @Test(arguments: [
        "", "null", "app.example", "https://", "https://a/b", "https://a b", "://a", "1https://a", "https://a:b",
    ])
    func malformedOptionIsRefused(_ text: String) {
        #expect(AllowedOrigin(parsing: text) == nil)
        #expect(AllowedOrigin(parsing: "https://a:443") == AllowedOrigin(parsing: "HTTPS://A"))
        #expect(AllowedHost(parsing: "https://a") == nil && AllowedHost(parsing: "a/b") == nil)
    }
}

/// The same over HTTP.
extension BrowserAccessTests {
    static let page = "http://localhost:5173"
    static let event = Array(#"{"key":"k","client_id":"c"}"#.utf8)

    static func fixture(origins: [String] = []) throws -> ServerFixture {
        var options = ServerOptions()
        options.allowedOrigins = try origins.map { try #require(AllowedOrigin(parsing: $0)) }
        return try ServerFixture(options: options)
    }

    @Test func foreignPageChangesNothing() async throws {
        try await Self.fixture().run { client async throws in
            let simple = ["Origin": Self.page, "Content-Type": "text/plain"]
            let refused = try await client.ask(.post, "/api/v1/telemetry", headers: simple, bytes: Self.event)
            #expect(refused.status == 403)
            #expect(try refused.message?.hasSuffix("start the server with --allow-origin \(Self.page)") == true)
            #expect(try await client.ask(.get, "/api/v1/telemetry/count").text == "0")
            let form = ["Origin": Self.page, "Content-Type": "multipart/form-data; boundary=b"]
            #expect(try await client.ask(.post, "/api/v1/models", headers: form, bytes: []).status == 403)
            let preflight = ["Origin": Self.page, "Access-Control-Request-Method": "POST"]
            #expect(try await client.ask(.options, "/api/v1/telemetry", headers: preflight).status == 403)
            let read = try await client.ask(.get, "/api/v1/telemetry", headers: ["Origin": Self.page])
            #expect(read.status == 200 && read["Access-Control-Allow-Origin"] == nil)
            let script = try await client.ask(.post, "/api/v1/telemetry", bytes: Self.event)
            #expect(script.status == 201, "a client that is not a browser")
        }
    }

    @Test func preflightOfAnAllowedPageNamesWhatEndpointsDeclare() async throws {
        let fixture = try Self.fixture(origins: [Self.page])
        let endpoints = fixture.routes.makeTable().endpoints
        try await fixture.run { client async throws in
            let headers = ["Origin": Self.page, "Access-Control-Request-Method": "POST"]
            for endpoint in endpoints {
                let path = endpoint.path.replacing("{id}", with: "x")
                let answer = try await client.ask(.options, path, headers: headers)
                #expect(answer.status == 204 && answer.bytes.isEmpty, "\(path)")
                #expect(answer["Access-Control-Allow-Origin"] == Self.page)
                #expect(answer["Vary"] == "Origin")
                let methods = try #require(answer["Access-Control-Allow-Methods"])
                #expect(methods.split(separator: ", ").contains { $0 == endpoint.method.rawValue })
                let allowed = try #require(answer["Access-Control-Allow-Headers"]).split(separator: ", ")
                for name in endpoint.parameters.filter({ $0.place == .header }).map(\.name) {
                    #expect(allowed.contains { $0 == name }, "\(name)")
                }
                #expect(allowed.contains("Authorization") && allowed.contains("Content-Type"))
            }
        }
    }

    @Test func allowedPageReadsEveryAnswer() async throws {
        try await Self.fixture(origins: [Self.page]).run { client async throws in
            let headers = ["Origin": Self.page]
            let stored = try await client.ask(.post, "/api/v1/telemetry", headers: headers, bytes: Self.event)
            let list = try await client.ask(.get, "/api/v1/telemetry", headers: headers)
            let unknown = try await client.ask(.get, "/api/v1/telemetry/x", headers: headers)
            let noRoute = try await client.ask(.put, "/nope", headers: headers)
            for (answer, status) in [(stored, 201), (list, 200), (unknown, 404), (noRoute, 404)] {
                #expect(answer.status == status)
                #expect(answer["Access-Control-Allow-Origin"] == Self.page)
                #expect(answer["Vary"] == "Origin")
                #expect(answer["Access-Control-Expose-Headers"]?.contains("ETag") == true)
            }
            let other = try await client.ask(.get, "/api/v1/telemetry", headers: ["Origin": "http://evil.example"])
            #expect(other["Access-Control-Allow-Origin"] == nil && other["Vary"] == "Origin")
            let none = try await client.ask(.get, "/api/v1/telemetry")
            #expect(none["Access-Control-Allow-Origin"] == nil && none["Vary"] == "Origin")
        }
    }

    @Test func rebindingNameReachesNoEndpoint() async throws {
        try await Self.fixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            for target in ["/health", "/api/v1/telemetry", "/nope"] {
                let answer = try await RawConnection.connected(to: port) { connection in
                    try await connection.send(
                        "GET \(target) HTTP/1.1\r\nHost: evil.example:\(port)\r\nX-Forwarded-Host: localhost\r\n"
                            + "Connection: close\r\n\r\n"
                    )
                    return try await connection.receiveAll()
                }
                #expect(answer.hasPrefix("HTTP/1.1 421 "))
                #expect(answer.contains("start it with --allow-host evil.example"))
            }
        }
    }
}
