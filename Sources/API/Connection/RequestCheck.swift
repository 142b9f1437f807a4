internal import HTTPTypes
internal import JSON
internal import NIOCore
internal import NIOHTTP1

/// Refuses what is no request a server may answer, and lets nothing that follows it be taken for one.
///
/// The decoder is strict: two lengths, a length beside chunks, bare line feeds, folded lines, blanks before a colon and
/// whatever else two readers may understand differently are errors. Here they become answers, in the order of the
/// requests, and the heads it lets through are looked at once more. After a refusal, and after the last request of a
/// connection, everything that arrives is dropped.
/// Source: RFC 9112, sections 3, 6, 9 and 11.
final class RequestCheck: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Stage {
        case open
        /// The last request of the connection is whole, or never will be.
        case last
        /// To be answered when all before it are.
        case refused(RequestError)
        /// All is answered; the connection is being closed.
        case closing
    }

    private let watch: ConnectionWatch
    private let place: ConnectionPlace
    private var stage: Stage
    private var unansweredCount = 0
    private var isRequestUnderWay = false
    /// Whether the request under way, or the last one, is the last of its connection.
    private var isLast = false
    /// Whether the response under way, or the last one, ends the connection.
    private var isResponseLast = false

    /// Makes a check that lets requests through, or answers the first with a `refusal`.
    init(watch: ConnectionWatch, place: ConnectionPlace, refusal: RequestError? = nil) {
        self.watch = watch
        self.place = place
        stage = refusal.map { .refused($0) } ?? .open
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        answerIfDue(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open = stage else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let flaw = RequestError(flawOf: head) { return refuse(flaw, context) }
            isLast = !head.isKeepAlive || head.method == .CONNECT || head.headers.contains(name: "upgrade")
            isRequestUnderWay = true
            unansweredCount += 1
            watch.headArrived(declaring: head.headers["content-length"].first.flatMap { Int($0) })
            place.isIdle = false
        case .body(let buffer):
            watch.contentArrived(buffer.readableBytes)
        case .end:
            isRequestUnderWay = false
            if isLast { stage = .last }
            watch.requestEnded()
            place.isIdle = watch.isIdle
        }
        // The rest of a request whose answer ended the connection is nobody's.
        if !(isResponseLast && unansweredCount == 0) { context.fireChannelRead(data) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard case .open = stage else { return }
        guard let flaw = RequestError(flawIn: error, lineByteCount: watch.lineByteCount) else {
            return context.fireErrorCaught(error)
        }
        guard isRequestUnderWay else { return refuse(flaw, context) }
        // Whoever reads the body is told, and answers; where that has happened there is nothing more to say.
        stage = .last
        isLast = true
        if unansweredCount > 0 { context.fireErrorCaught(flaw) } else { context.close(promise: nil) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .closing = stage {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if isLast, unansweredCount == 1 { head.headers.replaceOrAdd(name: "connection", value: "close") }
            isResponseLast = head.headers["connection"].contains("close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            unansweredCount -= 1
            watch.responseEnded()
            place.isIdle = watch.isIdle
            answerIfDue(context)
        }
    }

    private func refuse(_ flaw: RequestError, _ context: ChannelHandlerContext) {
        stage = .refused(flaw)
        answerIfDue(context)
    }

    private func answerIfDue(_ context: ChannelHandlerContext) {
        guard case .refused(let error) = stage, unansweredCount == 0, context.channel.isActive else { return }
        stage = .closing
        place.isIdle = true
        let body = ByteBuffer(bytes: JSON.object(["message": .string(error.answer)]).bytes)
        let headers: HTTPHeaders = [
            "content-type": "application/json", "content-length": "\(body.readableBytes)", "connection": "close",
        ]
        let status = HTTPResponseStatus(statusCode: error.status.code, reasonPhrase: error.status.reasonPhrase)
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
            promise: nil
        )
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

extension RequestError {
    /// Why the request of this head cannot be answered, or nil.
    init?(flawOf head: HTTPRequestHead) {
        let coding = head.headers["transfer-encoding"]
        let length = head.headers["content-length"].first
        let encodings = head.headers[canonicalForm: "content-encoding"]
        if head.version.minor > 1 {
            self = .unknownVersion
        } else if head.headers["host"].count > 1 || head.version.minor == 1 && head.headers["host"].isEmpty {
            self = .hostMissing
        } else if head.version.minor == 0, !coding.isEmpty {
            self = .malformedRequest
        } else if !coding.allSatisfy({ $0.lowercased() == "chunked" }) {
            self = .transferCoding
        } else if let length, Int64(decimal: length) == nil {
            self = .malformedRequest
        } else if !encodings.allSatisfy({ $0.lowercased() == "identity" }) {
            self = .contentCoding
        } else if head.uri.utf8.count > ConnectionLimits.lineByteCountMax {
            self = .targetTooLong
        } else {
            return nil
        }
    }

    /// What an error of the decoder, or of ``ConnectionWatch``, says about the request; nil for one that is no request's.
    ///
    /// The decoder calls everything that is too long a header; `lineByteCount`, of the first line, tells.
    init?(flawIn error: any Error, lineByteCount: Int) {
        switch error {
        case let error as RequestError: self = error
        case HTTPParserError.headerOverflow:
            self =
                lineByteCount > ConnectionLimits.lineByteCountMax
                ? .targetTooLong : .headTooLong
        case HTTPParserError.invalidVersion, HTTPParserError.paused: self = .unknownVersion
        case is HTTPParserError: self = .malformedRequest
        default: return nil
        }
    }
}
