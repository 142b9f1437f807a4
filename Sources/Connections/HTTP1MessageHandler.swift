internal import NIOCore
internal import NIOHTTP1

/// Passes the requests and responses of a connection to its state machine, and on as far as that allows.
final class HTTP1MessageHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let connection: HTTP1Connection
    /// Whether the response is one to HEAD whose length is unknown, because it names its transfer encoding itself: the
    /// server above adds the length of the empty body, and the encoder would write the end of a chunked one.
    private var isHeadOnly = false

    init(_ connection: HTTP1Connection) {
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connection.messages = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connection.messages = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        connection.perform(connection.state.connected())
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let delivery = connection.state.headArrived(head, at: .now())
            connection.updateSlot()
            deliver(data, delivery, context)
        case .body(let buffer):
            deliver(data, connection.state.contentArrived(buffer.readableBytes), context)
        case .end:
            let delivery = connection.state.requestEnded(at: .now())
            connection.updateSlot()
            deliver(data, delivery, context)
        }
    }

    private func deliver(
        _ data: NIOAny,
        _ delivery: HTTP1ConnectionState.Delivery,
        _ context: ChannelHandlerContext
    ) {
        switch delivery {
        case .forward: context.fireChannelRead(data)
        case .drop(let action): connection.perform(action)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let action = connection.state.decoderFailed(error) {
            connection.perform(action)
        } else {
            context.fireErrorCaught(error)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !connection.state.isOutputEnded else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if connection.state.responseBegan(isClosing: head.headers["connection"].contains("close")) {
                head.headers.replaceOrAdd(name: "connection", value: "close")
            }
            isHeadOnly = head.headers.contains(name: "transfer-encoding")
            if isHeadOnly { head.headers.remove(name: "content-length") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            let end = isHeadOnly ? wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))) : data
            context.write(end, promise: promise)
            let action = connection.state.responseEnded(at: .now())
            connection.updateSlot()
            connection.perform(action)
            connection.resumeDecoding()
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is AwaitedBody.Asked else { return context.triggerUserOutboundEvent(event, promise: promise) }
        connection.perform(connection.state.bodyAsked())
        promise?.succeed()
    }

    /// The server above has written all it wants to; the connection is closed when that is flushed.
    ///
    /// The channel would close at once if the client has ended its side, and lose what is not flushed.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        connection.perform(connection.state.outputFinished())
        promise?.succeed()
    }
}
