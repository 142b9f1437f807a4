internal import NIOCore
internal import NIOHTTP1

/// Tells a client that waits before it sends its body to go on.
///
/// `curl` announces bodies over 1 MB with `Expect: 100-continue` and waits a second for the answer, which a chunked
/// upload would pay with every chunk. While an earlier response is being written the signal would fall into it, so
/// then the client has to wait.
/// Source: RFC 9110, section 10.1.1.
final class ContinueSignal: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var unansweredCount = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) {
            if unansweredCount == 0, head.version.minor > 0, head.headers["expect"].contains("100-continue") {
                let signal = HTTPResponseHead(version: head.version, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(signal)), promise: nil)
            }
            unansweredCount += 1
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unansweredCount -= 1 }
        context.write(data, promise: promise)
    }
}
