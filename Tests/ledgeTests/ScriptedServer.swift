import JSON
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

@testable import ledge

/// A server whose responses a test determines; it records the requests.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        let line: String
        let authorization: String?
        let body: [UInt8]
    }

    struct Response: Sendable {
        var status = 200
        var fields: [String: String] = [:]
        var body = "{}"
    }

    private let listener: any Channel
    private let received = NIOLockedValueBox<[Request]>([])

    /// `answer` gets the request and the number of those before it.
    init(_ answer: @escaping @Sendable (Request, Int) -> Response) async throws {
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { [received] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(ScriptHandler(received: received, answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
    }

    var url: ServerURL {
        get throws { try ServerURL(parsing: "http://127.0.0.1:\(listener.localAddress?.port ?? 0)") }
    }

    var requests: [Request] { received.withLockedValue { $0 } }

    func close() async throws {
        try await listener.close()
    }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let received: NIOLockedValueBox<[ScriptedServer.Request]>
    private let answer: @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Response
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(
        received: NIOLockedValueBox<[ScriptedServer.Request]>,
        answer: @escaping @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Response
    ) {
        self.received = received
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body) = (head, [])
        case .body(let bytes): body += bytes.readableBytesView
        case .end:
            guard let head else { return }
            let request = ScriptedServer.Request(
                line: "\(head.method) \(head.uri)",
                authorization: head.headers.first(name: "Authorization"),
                body: body
            )
            let number = received.withLockedValue { requests in
                requests.append(request)
                return requests.count - 1
            }
            respond(with: answer(request, number), context)
        }
    }

    private func respond(with response: ScriptedServer.Response, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders(response.fields.map { ($0.key, $0.value) })
        headers.add(name: "Content-Length", value: "\(response.body.utf8.count)")
        let status = HTTPResponseStatus(statusCode: response.status)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: response.body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
