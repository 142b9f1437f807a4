internal import Federation
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// An HTTP/1.1 client for one server: one request at a time on a persistent connection, with or without TLS.
///
/// It uses SwiftNIO, which the server needs anyway. Rejected: async-http-client, which would add 9 MB to the binary for
/// connection pools and redirects.
actor HTTPClient {
    private static let connectTimeout = TimeAmount.seconds(10)
    private static let keepAliveSeconds = 10
    /// How long bytes may remain unacknowledged by the peer's kernel.
    private static let acknowledgementMilliseconds = 30_000

    private let server: ServerURL
    private let encryption: Encryption?
    private let stallTimeout: Duration
    private var connection: (any Channel)?

    /// Creates a client whose requests fail after `stallTimeout` without a byte in either direction.
    ///
    /// `encryption` is that of a server with TLS.
    init(server: ServerURL, encryption: Encryption? = nil, stallTimeout: Duration = .seconds(60)) {
        self.server = server
        self.encryption = encryption
        self.stallTimeout = stallTimeout
    }

    /// Sends a request, whose path is relative to the server's prefix, and returns the response of any status.
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPReply {
        let channel = try await connected()
        let request = HTTPRequest(
            method: request.method,
            path: server.prefix + request.path,
            fields: request.fields,
            body: request.body
        )
        let reply = channel.eventLoop.makePromise(of: HTTPReply.self)
        // If the channel has just closed, the write fails without reaching the handler.
        channel.writeAndFlush(HTTPExchange(request: request, reply: reply)).cascadeFailure(to: reply)
        do {
            let reply = try await reply.futureResult.get()
            // It may still look active, but takes no further request.
            if reply.isLast { connection = nil }
            return reply
        } catch {
            throw HTTPFailure(error)
        }
    }

    /// Closes the connection; the next request opens a new one.
    func close() async {
        // A failed close loses nothing, because every response was read.
        try? await connection?.close()
        connection = nil
    }

    private func connected() async throws(HTTPFailure) -> any Channel {
        if let connection, connection.isActive { return connection }
        let host = "\(server.authority.urlHost):\(server.port)"
        let (stallTimeout, encryption) = (stallTimeout, encryption)
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(Self.connectTimeout)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                // A peer that has disappeared is noticed while it owes a response, too.
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPIDLE)), value: Self.keepAliveSeconds)
                .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPINTVL)), value: Self.keepAliveSeconds)
                .channelOption(
                    .tcpOption(NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT)),
                    value: Self.acknowledgementMilliseconds
                )
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(IdleStateHandler(allTimeout: TimeAmount(stallTimeout)))
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(HTTPExchangeHandler(host: host, stallTimeout: stallTimeout))
                    }
                }
                .connect(host: server.authority.host, port: server.port)
                .get()
            do {
                try await encryption?.begin(on: channel, timeout: Self.connectTimeout)
            } catch {
                channel.close(promise: nil)
                throw error
            }
            connection = channel
            return channel
        } catch {
            if let reason = Encryption.distrust(error) { throw .distrusted(reason) }
            throw .unreachable(server: server.text, reason: Self.reason(error))
        }
    }

    /// Returns the reason for which a connection failed; NIO wraps one error for each address that it tried.
    private static func reason(_ error: any Error) -> String {
        guard let failure = error as? NIOConnectionError else { return IOError.text(error) }
        if let first = failure.connectionErrors.first { return reason(first.error) }
        return "\(failure.dnsAError ?? failure.dnsAAAAError ?? failure)"
    }
}
