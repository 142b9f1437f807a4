internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// A client for one server: HTTP/1.1 without encryption, one request at a time over a connection that is kept alive.
///
/// Written on SwiftNIO, which the server links anyway: async-http-client would add 9 MB to the binary for pools,
/// redirects and TLS that an upload to one known server does not use.
actor HTTPClient {
    private static let connectLimit = TimeAmount.seconds(10)

    private let server: ServerURL
    private let stallLimit: Duration
    private var connection: (any Channel)?

    /// A request may go `stallLimit` without a byte in either direction; while something moves, slow is no failure.
    init(server: ServerURL, stallLimit: Duration = .seconds(60)) {
        self.server = server
        self.stallLimit = stallLimit
    }

    /// Sends a request, whose path is below the server's prefix, and returns its answer, whatever its status.
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPReply {
        let channel = try await connected()
        let request = HTTPRequest(
            method: request.method,
            path: server.prefix + request.path,
            fields: request.fields,
            body: request.body
        )
        let reply = channel.eventLoop.makePromise(of: HTTPReply.self)
        // A channel that closed a moment ago fails the write and never shows it to the handler.
        channel.writeAndFlush(HTTPExchange(request: request, reply: reply)).cascadeFailure(to: reply)
        do {
            return try await reply.futureResult.get()
        } catch {
            throw error as? HTTPFailure ?? .connectionLost(IOError.text(error))
        }
    }

    /// Closes the connection; the next request opens one again.
    func close() async {
        // Nothing is lost by a close that fails: every answer was read.
        try? await connection?.close()
        connection = nil
    }

    private func connected() async throws(HTTPFailure) -> any Channel {
        if let connection, connection.isActive { return connection }
        let host = "\(server.authority.urlHost):\(server.port)"
        let stallLimit = stallLimit
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(Self.connectLimit)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(IdleStateHandler(allTimeout: TimeAmount(stallLimit)))
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(HTTPExchangeHandler(host: host, stallLimit: stallLimit))
                    }
                }
                .connect(host: server.authority.host, port: server.port)
                .get()
            connection = channel
            return channel
        } catch {
            throw .unreachable(server: server.text, reason: Self.reason(error))
        }
    }

    /// Says why a connection failed, in words: NIO wraps one error for each address it tried.
    private static func reason(_ error: any Error) -> String {
        guard let failure = error as? NIOConnectionError else { return IOError.text(error) }
        if let first = failure.connectionErrors.first { return reason(first.error) }
        return "\(failure.dnsAError ?? failure.dnsAAAAError ?? failure)"
    }
}
