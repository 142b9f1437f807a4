internal import NIOCore

/// Passes the bytes of a connection, and the time, to its state machine.
final class HTTP1SocketHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: HTTP1Connection
    private let tickInterval: TimeAmount
    private var nextTick: Scheduled<Void>?

    init(_ connection: HTTP1Connection, tickInterval: TimeAmount) {
        self.connection = connection
        self.tickInterval = tickInterval
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connection.socket = context
        scheduleTick(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        nextTick?.cancel()
        connection.socket = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.state.closed()
        nextTick?.cancel()
        nextTick = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.state.bytesArrived(unwrapInboundIn(data), at: .now())
        connection.decode()
    }

    /// After the last response no reader above asks for more.
    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if connection.state.isOutputEnded { context.read() }
    }

    func read(context: ChannelHandlerContext) {
        connection.read(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            if connection.state.held.endArrived() { connection.inputEnded(context) }
        } else if event is ChannelShouldQuiesceEvent {
            connection.perform(connection.state.quiesce())
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        connection.state.bytesWritten(unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }

    private func scheduleTick(_ context: ChannelHandlerContext) {
        nextTick = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: tickInterval) {
            self.tick(context)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        scheduleTick(context)
        guard context.channel.isActive else { return }
        let buffered = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        connection.perform(connection.state.tick(at: .now(), bufferedByteCount: buffered ?? 0))
    }
}
