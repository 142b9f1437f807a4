import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A proxy that disconnects its first connections after given numbers of bytes.
final class DisconnectingProxy: Sendable {
    enum Cut: Sendable {
        /// Disconnects when the client has sent more bytes than this; the server receives those read before.
        case request(afterByteCount: Int)
        /// Disconnects when the server has sent more bytes than this; the client receives those read before.
        case reply(afterByteCount: Int)
    }

    let port: Int
    private let listener: any Channel

    /// Applies each cut to one connection, in order; further connections are not disconnected.
    init(to serverPort: Int, cuts: [Cut]) async throws {
        let cuts = NIOLockedValueBox(cuts)
        let group = MultiThreadedEventLoopGroup.singleton
        listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { client in
                let cut = cuts.withLockedValue { $0.isEmpty ? nil : $0.removeFirst() }
                return ClientBootstrap(group: client.eventLoop)
                    .channelInitializer { server in
                        server.eventLoop.makeCompletedFuture {
                            try server.pipeline.syncOperations.addHandler(Relay(to: client, byteCountMax: cut.replyMax))
                        }
                    }
                    .connect(host: "127.0.0.1", port: serverPort)
                    .flatMapThrowing { server in
                        try client.pipeline.syncOperations.addHandler(Relay(to: server, byteCountMax: cut.requestMax))
                    }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        port = listener.localAddress?.port ?? 0
    }

    func close() async throws {
        try await listener.close()
    }
}

extension DisconnectingProxy.Cut? {
    fileprivate var requestMax: Int {
        if case .request(let byteCount)? = self { byteCount } else { .max }
    }

    fileprivate var replyMax: Int {
        if case .reply(let byteCount)? = self { byteCount } else { .max }
    }
}

/// One direction of a connection.
private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let partner: any Channel
    private let byteCountMax: Int
    private var byteCount = 0

    init(to partner: any Channel, byteCountMax: Int) {
        self.partner = partner
        self.byteCountMax = byteCountMax
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        byteCount += bytes.readableBytes
        guard byteCount <= byteCountMax else {
            context.close(promise: nil)
            return
        }
        partner.writeAndFlush(bytes, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        partner.close(promise: nil)
    }
}
