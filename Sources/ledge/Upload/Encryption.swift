internal import Federation
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// TLS to the server of an upload, which verifies the server's certificate and that it is for the server's host.
struct Encryption: Sendable {
    private let context: NIOSSLContext
    /// The host's name; nil for an address, which NIOSSL compares with the address of the connection.
    private let name: String?

    /// Prepares connections to `server`; nil if it has none with TLS.
    ///
    /// `authorities` is a PEM file of the certificates that are trusted instead of those of the system.
    /// - Throws: ``CommandFailure`` if the file cannot be read.
    init?(to server: ServerURL, authorities: String?) throws(CommandFailure) {
        guard server.isEncrypted else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let authorities { configuration.trustRoots = .file(authorities) }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw CommandFailure("\(authorities ?? "the certificates of this system") cannot be read as certificates")
        }
        let host = server.authority.host
        name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }

    /// Encrypts a connection, and waits until the server is verified.
    ///
    /// A request that is sent before would not learn why the connection is closed.
    func begin(on channel: any Channel, timeout: TimeAmount) async throws {
        try await channel.eventLoop.flatSubmit {
            let verification = VerificationHandler(on: channel.eventLoop)
            do {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(verification, position: .first)
                try pipeline.addHandler(
                    NIOSSLClientHandler(context: context, serverHostname: name),
                    position: .first
                )
            } catch {
                verification.end.fail(error)
            }
            let overdue = channel.eventLoop.scheduleTask(in: timeout) {
                verification.end.fail(ChannelError.connectTimeout(timeout))
            }
            verification.end.futureResult.whenComplete { _ in overdue.cancel() }
            return verification.end.futureResult
        }
        .get()
    }

    /// Why the server is not trusted, if `error` is a failed verification or handshake; nil for a broken connection.
    static func distrust(_ error: any Error) -> String? {
        if error as? NIOSSLExtraError == .failedToValidateHostname { return "its certificate is for another host" }
        guard case .handshakeFailed(.sslError(let reasons))? = error as? NIOSSLError else { return nil }
        return "\(reasons)".contains("CERTIFICATE_VERIFY_FAILED")
            ? "its certificate has expired or is not from a trusted authority; --ca names another one"
            : "the TLS handshake failed, because it has no TLS on this port or only old versions"
    }
}

/// Reports how the verification of a server ended.
private final class VerificationHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = NIOAny

    let end: EventLoopPromise<Void>

    init(on eventLoop: any EventLoop) {
        end = eventLoop.makePromise()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { end.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end.fail(ChannelError.eof)
    }
}
