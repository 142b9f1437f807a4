internal import NIOCore
internal import NIOHTTP1

/// A request for the pipeline, and the promise of its response.
struct HTTPExchange: Sendable {
    let request: HTTPRequest
    let reply: EventLoopPromise<HTTPReply>
}

/// Writes one request at a time and collects its response; runs on the connection's event loop.
///
/// However the connection ends, the promise of a pending exchange is completed exactly once.
final class HTTPExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPExchange
    typealias OutboundOut = HTTPClientRequestPart

    /// Responses are small JSON objects; a longer one is not from a Ledge server.
    private static let replyByteCountMax = 1 << 20
    /// Bodies are written in pieces, each of which resets the stall timeout.
    private static let pieceByteCount = 128 << 10

    private let host: String
    private let stallTimeout: Duration
    private var pending: EventLoopPromise<HTTPReply>?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    /// - Parameters:
    ///   - host: value of the `Host` field.
    ///   - stallTimeout: timeout of the pipeline's `IdleStateHandler`, for the error message.
    init(host: String, stallTimeout: Duration) {
        self.host = host
        self.stallTimeout = stallTimeout
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let exchange = unwrapOutboundIn(data)
        precondition(pending == nil, "one request at a time")
        pending = exchange.reply
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
        fail(.connectionLost("closed by the server"), context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.invalidEOFState: fail(.connectionLost("closed within the response"), context)
        case is HTTPParserError: fail(.malformedReply("\(error)"), context)
        default: fail(HTTPFailure(error), context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            // Between two requests the connection may be idle.
            if pending != nil { fail(.stalled(stallTimeout), context) }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard let head, let pending else {
            fail(.malformedReply("a response without a request"), context)
            return
        }
        self.head = nil
        self.pending = nil
        let retryAfter = head.headers.first(name: "Retry-After").flatMap { UInt16($0) }
        // An error may arrive before the whole body was sent; the rest of the body must not precede the next request.
        let isLast = !head.isKeepAlive || head.status.code >= 400
        pending.succeed(
            HTTPReply(
                status: Int(head.status.code),
                body: body,
                retryAfter: retryAfter.map { .seconds(Int64($0)) },
                isLast: isLast
            )
        )
        if isLast { context.close(promise: nil) }
    }

    private func fail(_ failure: HTTPFailure, _ context: ChannelHandlerContext) {
        pending?.fail(failure)
        pending = nil
        context.close(promise: nil)
    }
}
