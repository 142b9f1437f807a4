internal import NIOCore
internal import NIOHTTP1

/// A request on its way down the pipeline, and who waits for its answer.
struct HTTPExchange: Sendable {
    let request: HTTPRequest
    let reply: EventLoopPromise<HTTPReply>
}

/// Writes one request at a time and gathers its answer; runs on the connection's event loop only.
///
/// Every way a connection can end keeps the promise of the exchange that waits, exactly once.
final class HTTPExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPExchange
    typealias OutboundOut = HTTPClientRequestPart

    /// Answers are small JSON objects; a megabyte is someone else's page.
    private static let replyByteCountMax = 1 << 20
    /// Bodies go out in pieces, so that each one written counts as movement for the stall watch.
    private static let pieceByteCount = 128 << 10

    private let host: String
    private let stallLimit: Duration
    private var waiting: EventLoopPromise<HTTPReply>?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    /// - Parameters:
    ///   - host: value of the `Host` field.
    ///   - stallLimit: what the idle watch in front of this handler is set to, for the message.
    init(host: String, stallLimit: Duration) {
        self.host = host
        self.stallLimit = stallLimit
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let exchange = unwrapOutboundIn(data)
        precondition(waiting == nil, "one request at a time")
        waiting = exchange.reply
        let request = exchange.request
        var fields = HTTPHeaders(request.fields.map { ($0.name, $0.value) })
        fields.add(name: "Host", value: host)
        fields.add(name: "Content-Length", value: "\(request.body.readableBytes)")
        let head = HTTPRequestHead(version: .http1_1, method: request.method, uri: request.path, headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        var rest = request.body
        while let piece = rest.readSlice(length: min(rest.readableBytes, Self.pieceByteCount)), piece.readableBytes > 0
        {
            context.write(wrapOutboundOut(.body(.byteBuffer(piece))), promise: nil)
        }
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let bytes):
            guard body.count + bytes.readableBytes <= Self.replyByteCountMax else {
                fail(.malformedReply("more than \(Self.replyByteCountMax) bytes"), context)
                return
            }
            body.append(contentsOf: bytes.readableBytesView)
        case .end:
            finish(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.connectionLost("the server closed it"), context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.invalidEOFState: fail(.connectionLost("it ended in the middle of the answer"), context)
        case is HTTPParserError: fail(.malformedReply("\(error)"), context)
        default: fail(.connectionLost(IOError.text(error)), context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            // Between two requests nothing has to move.
            if waiting != nil { fail(.stalled(stallLimit), context) }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard let head, let waiting else {
            fail(.malformedReply("an answer to no question"), context)
            return
        }
        self.head = nil
        self.waiting = nil
        waiting.succeed(HTTPReply(status: Int(head.status.code), body: body))
        // A refusal may have come before the whole body went out; the rest of it must not open the next request.
        if !head.isKeepAlive || head.status.code >= 400 { context.close(promise: nil) }
    }

    private func fail(_ failure: HTTPFailure, _ context: ChannelHandlerContext) {
        waiting?.fail(failure)
        waiting = nil
        context.close(promise: nil)
    }
}
