import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

@testable import ledge

/// A server that sends the same bytes in response to every request.
final class FixedReplyServer: Sendable {
    private let listener: any Channel
    private let connections = NIOLockedValueBox(0)

    init(_ text: String, closing: Bool) async throws {
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { [connections] channel in
                connections.withLockedValue { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FixedReplyHandler(text: text, closing: closing))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
    }

    var url: ServerURL {
        get throws { try ServerURL(parsing: "http://127.0.0.1:\(listener.localAddress?.port ?? 0)") }
    }

    var connectionCount: Int {
        connections.withLockedValue { $0 }
    }

    func close() async throws {
        try await listener.close()
    }
}

private final class FixedReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let text: String
    private let closing: Bool

    init(text: String, closing: Bool) {
        self.text = text
        self.closing = closing
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
        if closing { context.close(promise: nil) }
    }
}
