internal import NIOCore
internal import NIOHTTP1

/// Lets the client read an answer that came before the server had read the whole request.
///
/// Closing at once, say after 413 to a body of 2 GB, makes the kernel send a reset, and the reset destroys the answer
/// on its way. So what still arrives of the request is read and dropped, as long as something does and for at most
/// ``timeoutSeconds``; then the connection is closed. ``RequestCheck`` does the dropping, and nothing is kept: memory stays
/// flat however much is sent. Where the response says `Connection: close`, the connection ends with the request;
/// otherwise the next request may follow it.
/// Source: RFC 9112, section 9.6; nginx's `lingering_close`.
final class LingeringClose: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long a client may go on sending a request that is answered already.
    static let timeoutSeconds: Int64 = 30
    /// How long it may pause.
    static let pauseSeconds: Int64 = 5

    private var isRequestWhole = true
    /// Whether the response under way, or the last one, ends the connection.
    private var isLast = false
    /// Set while the rest of an answered request is awaited.
    private var deadline: Scheduled<Void>?
    private var pauseCount: Int64 = 0
    private var hasHeard = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head, .body: isRequestWhole = false
        case .end: isRequestWhole = true
        }
        hasHeard = true
        context.fireChannelRead(data)
        guard isRequestWhole, let deadline else { return }
        deadline.cancel()
        self.deadline = nil
        if isLast { context.close(promise: nil) }
    }

    /// What arrived is no request: nobody can say where it ends.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isRequestWhole = false
        hasHeard = true
        context.fireErrorCaught(error)
    }

    /// The client has read the answer, and has nothing more to say either.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed, isLast, deadline != nil { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isLast = head.headers["connection"].contains("close")
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            context.writeAndFlush(data, promise: promise)
            if !isRequestWhole {
                pauseCount = 0
                linger(context)
            } else if isLast {
                context.close(promise: nil)
            }
        }
    }

    private func linger(_ context: ChannelHandlerContext) {
        hasHeard = false
        deadline = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: .seconds(Self.pauseSeconds)) {
            self.pauseCount += 1
            guard self.hasHeard, self.pauseCount * Self.pauseSeconds < Self.timeoutSeconds else {
                return context.close(promise: nil)
            }
            self.linger(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }
}
