internal import NIOCore
internal import NIOHTTP1

/// One HTTP/1 connection: its state machine, and the two places in the pipeline where its actions are performed.
///
/// It is used on the connection's event loop only.
final class HTTP1Connection {
    var state: HTTP1ConnectionState
    /// Nearest to the socket.
    var socket: ChannelHandlerContext?
    /// Between the decoder and the server above.
    var messages: ChannelHandlerContext?

    private let slot: ConnectionSlot
    private let answer: @Sendable (ConnectionRefusal) -> RefusalAnswer
    private var isDecoding = false

    init(
        _ state: HTTP1ConnectionState,
        slot: ConnectionSlot,
        answer: @escaping @Sendable (ConnectionRefusal) -> RefusalAnswer
    ) {
        self.state = state
        self.slot = slot
        self.answer = answer
    }

    func perform(_ action: HTTP1ConnectionState.Action) {
        switch action {
        case .nothing: break
        case .refuse(let refusal): refuse(refusal)
        case .failBody(let refusal): messages?.fireErrorCaught(refusal)
        case .reportFlush: reportFlush()
        case .writeContinue:
            let signal = HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .continue))
            messages?.writeAndFlush(NIOAny(signal), promise: nil)
        case .read: socket?.read()
        case .closeOutput:
            socket?.close(mode: .output, promise: nil)
            socket?.read()
        case .close: socket?.close(promise: nil)
        }
    }

    /// Decodes what is held, until it is all or too many requests wait for their answers.
    func decode() {
        guard let socket, !isDecoding else { return }
        isDecoding = true
        while let portion = state.nextPortion() {
            socket.fireChannelRead(NIOAny(portion))
            perform(state.portionDecoded())
        }
        isDecoding = false
        if state.held.takeEnd() { inputEnded(socket) }
        if state.held.takeRead() { read(socket) }
    }

    /// Decodes what had to wait for an answer.
    func resumeDecoding() {
        guard !state.held.isEmpty, !isDecoding else { return }
        decode()
        socket?.fireChannelReadComplete()
    }

    func read(_ socket: ChannelHandlerContext) {
        if state.readAsked(at: .now()) { socket.read() }
    }

    /// Passes on that the client sends nothing more; the decoder then reports a request that is incomplete.
    func inputEnded(_ socket: ChannelHandlerContext) {
        socket.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        perform(state.inputEnded())
    }

    /// Lets the table know whether the connection may be evicted.
    func updateSlot() {
        slot.isIdle = state.isIdle
    }

    private func refuse(_ refusal: ConnectionRefusal) {
        guard let messages else { return }
        let answer = answer(refusal)
        let status = HTTPResponseStatus(statusCode: answer.statusCode, reasonPhrase: answer.reasonPhrase)
        let headers: HTTPHeaders = [
            "content-type": answer.contentType, "content-length": "\(answer.body.count)", "connection": "close",
            "x-content-type-options": "nosniff",
        ]
        let parts: [HTTPServerResponsePart] = [
            .head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)),
            .body(.byteBuffer(ByteBuffer(bytes: answer.body))), .end(nil),
        ]
        for part in parts { messages.write(NIOAny(part), promise: nil) }
        reportFlush()
        updateSlot()
    }

    /// Flushes, and reports when it is done: an empty write completes after all writes before it.
    private func reportFlush() {
        guard let socket else { return }
        let promise = socket.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in
            self.perform(self.state.flushed(at: .now()))
        }
        socket.writeAndFlush(NIOAny(ByteBuffer()), promise: promise)
    }
}
