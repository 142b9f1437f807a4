import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TestSupport
import Testing

@testable import ledge

/// Uploads to servers with TLS.
struct EncryptionTests {
    @Test(arguments: ["localhost", "127.0.0.1"])
    func certificateOfTheAuthorityIsAccepted(_ host: String) async throws {
        #expect(try await Self.failure(host: host, certificate: "local") == nil)
    }

    @Test(arguments: [
        ("other", "its certificate is for another host"), ("expired", "its certificate has expired or is not from"),
    ])
    func certificateForSomethingElseIsRejected(_ certificate: String, _ reason: String) async throws {
        for host in ["localhost", "127.0.0.1"] {
            let failure = try await Self.failure(host: host, certificate: certificate)
            #expect(failure?.contains(reason) == true, "\(host): \(failure ?? "accepted")")
        }
    }

    @Test func authorityIsRequired() async throws {
        let failure = try await Self.failure(host: "localhost", certificate: "local", authority: nil)
        #expect(failure?.contains("is not from a trusted authority") == true, "\(failure ?? "accepted")")
    }

    @Test func serverWithoutTLSIsRejected() async throws {
        let server = try await FixedReplyServer("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n", closing: true)
        let url = try ServerURL(parsing: try server.url.text.replacing("http:", with: "https:"))
        let failure = await #expect(throws: HTTPFailure.self) {
            try await Self.send(to: url, authority: Self.path(of: "authority"))
        }
        guard case .distrusted? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        try await server.close()
    }

    @Test(arguments: ["", "no certificate"])
    func fileWithoutCertificatesIsAnError(_ text: String) throws {
        let file = try TemporaryFile(Array(text.utf8))
        let url = try ServerURL(parsing: "https://edge")
        #expect(throws: CommandFailure.self) { try Encryption(to: url, authorities: file.path) }
        #expect(throws: CommandFailure.self) { try Encryption(to: url, authorities: "/missing/ca.pem") }
    }

    @Test func distrustIsNotRetried() {
        #expect(UploadFailure.transport(.distrusted("")).remedy == .none)
    }
}

extension EncryptionTests {
    /// The path of a file that `fixtures/tls/README.md` describes.
    private static func path(of name: String) -> String {
        Fixture.path("tls/\(name).pem")
    }

    /// Sends a request to a server with a certificate; returns the failure.
    private static func failure(
        host: String,
        certificate: String,
        authority: String? = path(of: "authority")
    ) async throws -> String? {
        let certificates = try NIOSSLCertificate.fromPEMFile(path(of: certificate))
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: path(of: "key"), format: .pem))
        )
        let context = try NIOSSLContext(configuration: configuration)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(EmptyResponseHandler())
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let url = try ServerURL(parsing: "https://\(host):\(listener.localAddress?.port ?? 0)")
        do {
            #expect(try await send(to: url, authority: authority).status == 204)
        } catch {
            try await listener.close()
            return "\(error)"
        }
        try await listener.close()
        return nil
    }

    private static func send(to url: ServerURL, authority: String?) async throws -> HTTPReply {
        let client = HTTPClient(server: url, encryption: try Encryption(to: url, authorities: authority))
        return try await client.send(HTTPRequest(method: .GET, path: "/x"))
    }

    private final class EmptyResponseHandler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data) else { return }
            context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .noContent))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
