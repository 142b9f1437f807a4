internal import NIOCore

/// Watches the bytes of a connection come and go, and ends one that keeps the server waiting: see ``Patience``.
///
/// It stands nearest to the socket. What the bytes mean it learns from ``RequestCheck``, which it tells, by an error,
/// that a request is over; nothing else may close a connection for being slow.
///
/// It also hands out in portions what has arrived: a client may send thousands of requests at once, and the decoder
/// would make all of them before anybody else has a turn. While too many wait for their answers nothing more is decoded
/// or read.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let interval: TimeAmount
    private var patience: Patience
    private var nextTick: Scheduled<Void>?
    /// What has arrived and is not decoded yet.
    private var held = ByteBuffer()
    private var isHandingOut = false
    /// What was to come after it: more bytes, the end of the input.
    private var isReadWanted = false
    private var isInputClosed = false
    private var context: ChannelHandlerContext?
    /// How many bodies have begun, and what has arrived of the last one: content, and framing around it.
    private var bodyCount = 0
    private var isInBody = false
    /// The declared length of the body under way; nil where it comes in chunks.
    private var declaredByteCount: Int?
    private var contentByteCount = 0
    private var framingByteCount = 0
    /// Bytes up to the first line break since a request was last complete.
    private(set) var lineByteCount = 0
    private var isFirstLine = true

    init(_ limits: ConnectionLimits) {
        patience = Patience(limits, at: .now())
        let shortest = min(limits.idleTimeout, limits.headTimeout, limits.stallTimeout)
        interval = TimeAmount(max(.milliseconds(20), min(.seconds(5), shortest / 8)))
    }

    /// Whether nothing would be lost with the connection but the connection.
    var isIdle: Bool { patience.isIdle }

    /// The head of a request, whose body has that length where it is known.
    func headArrived(declaring byteCount: Int?) {
        declaredByteCount = byteCount
        patience.headEnded(at: .now())
        bodyCount += 1
        isInBody = true
        contentByteCount = 0
        framingByteCount = 0
    }

    func contentArrived(_ byteCount: Int) {
        contentByteCount += byteCount
    }

    func requestEnded() {
        patience.requestEnded(at: .now())
        isInBody = false
        isFirstLine = true
        lineByteCount = 0
    }

    func responseEnded() {
        patience.responseEnded(at: .now())
        guard held.readableBytes > 0, !isHandingOut, let context else { return }
        handOut(context)
        context.fireChannelReadComplete()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        scheduleTick(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        nextTick?.cancel()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        held = ByteBuffer()
        nextTick?.cancel()
        nextTick = nil
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        guard held.readableBytes == 0 else {
            isReadWanted = true
            return
        }
        patience.ask(at: .now())
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed, held.readableBytes > 0 {
            isInputClosed = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        patience.receive(buffer.readableBytes, at: .now())
        if held.readableBytes == 0 { held = buffer } else { held.writeBuffer(&buffer) }
        if !isHandingOut { handOut(context) }
    }

    /// Hands out what is held, until it is all or too many requests wait for their answers.
    private func handOut(_ context: ChannelHandlerContext) {
        isHandingOut = true
        defer { isHandingOut = false }
        while patience.unansweredCount < ConnectionLimits.unansweredCountMax || isInBody {
            let content = declaredByteCount.map { $0 - contentByteCount } ?? ConnectionLimits.chunkedPortionByteCount
            let most = isInBody ? max(content, 1) : ConnectionLimits.portionByteCount
            guard let portion = held.readSlice(length: min(most, held.readableBytes)), portion.readableBytes > 0 else {
                break
            }
            decode(portion, context)
        }
        guard held.readableBytes == 0 else { return }
        held = ByteBuffer()
        if isInputClosed {
            isInputClosed = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
        if isReadWanted {
            isReadWanted = false
            read(context: context)
        }
    }

    private func decode(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        if !isInBody, isFirstLine {
            let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n"))
            lineByteCount += (end ?? buffer.writerIndex) - buffer.readerIndex
            isFirstLine = end == nil
        }
        let (body, contentBefore) = (isInBody ? bodyCount : nil, contentByteCount)
        context.fireChannelRead(wrapInboundOut(buffer))
        // Only what lies wholly within one body is counted: its framing, and no other request.
        guard isInBody, body == bodyCount else { return }
        framingByteCount += buffer.readableBytes - (contentByteCount - contentBefore)
        if framingByteCount > ConnectionLimits.framingByteCountMax + 8 * contentByteCount {
            context.fireErrorCaught(RequestError.malformedRequest)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        patience.write(unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }

    private func scheduleTick(_ context: ChannelHandlerContext) {
        nextTick = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: interval) {
            self.tick(context)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        nextTick = nil
        guard context.channel.isActive else { return scheduleTick(context) }
        let buffered = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        switch patience.tick(at: .now(), bufferedByteCount: buffered ?? 0) {
        case .close: context.close(promise: nil)
        case .refuse: context.fireErrorCaught(RequestError.tooSlow)
        case nil: scheduleTick(context)
        }
    }
}
