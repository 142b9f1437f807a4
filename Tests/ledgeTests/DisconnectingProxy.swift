import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Passes bytes between clients and a server, and cuts its first connections where the test says.
final class CuttingProxy: Sendable {
    enum Cut: Sendable {
        /// When the client has sent so many bytes, of which the server gets what came before.
        case request(afterByteCount: Int)
        /// When the server has answered so many bytes, of which the client gets what came before.
        case reply(afterByteCount: Int)
    }

    let port: Int
    private let listener: any Channel

    /// The first cut happens to the first connection, and so on; connections after the last cut are left alone.
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

extension CuttingProxy.Cut? {
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
