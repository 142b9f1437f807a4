import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import Connections

/// The handlers around NIO's decoder and encoder, with a server that answers each request at its end.
struct HTTP1PipelineTests {
    /// Answers each request with its URI and the length of its body.
    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private var uri = ""
        private var byteCount = 0

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (uri, byteCount) = (head.uri, 0)
            case .body(let buffer): byteCount += buffer.readableBytes
            case .end:
                let body = ByteBuffer(string: "\(uri) \(byteCount);")
                let head = HTTPResponseHead(
                    version: .http1_1,
                    status: .ok,
                    headers: ["content-length": "\(body.readableBytes)"]
                )
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }

    private let channel = EmbeddedChannel()

    init() throws {
        let limits = ConnectionLimits()
        let connection = HTTP1Connection(
            HTTP1ConnectionState(limits, at: .now()),
            slot: ConnectionSlot(channel, in: ConnectionTable(limits))
        ) {
            RefusalAnswer(statusCode: 400, reasonPhrase: "", contentType: "text/plain", body: Array("\($0);".utf8))
        }
        try channel.pipeline.syncOperations.addHandlers([
            HTTP1SocketHandler(connection, tickInterval: .seconds(1)),
            HTTPResponseEncoder(),
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
            HTTP1MessageHandler(connection), Echo(),
        ])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// Sends bytes in pieces of random length, and returns the bodies of the answers.
    private func send(_ text: String, _ random: inout SeededGenerator) throws -> String {
        var bytes = ByteBuffer(string: text)
        while bytes.readableBytes > 0 {
            let byteCount = min(
                bytes.readableBytes,
                Int.random(in: 1...1 << Int.random(in: 0...12, using: &random), using: &random)
            )
            if let piece = bytes.readSlice(length: byteCount) { try channel.writeInbound(piece) }
        }
        var answers = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { answers += String(buffer: buffer) }
        return answers.split(separator: "\r\n\r\n").dropFirst().map { $0.split(separator: ";")[0] + ";" }.joined()
    }

    private static let requests =
        "GET /a HTTP/1.1\r\nHost: edge\r\n\r\n"
        + "POST /b HTTP/1.1\r\nHost: edge\r\nContent-Length: 3000\r\n\r\n" + String(repeating: "b", count: 3000)
        + "POST /c HTTP/1.1\r\nHost: edge\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nccccc\r\n1\r\nc\r\n0\r\n\r\n"

    @Test(arguments: 1...50 as ClosedRange<UInt64>) func requestsAreDecodedIndependentlyOfTheSplit(seed: UInt64) throws
    {
        var random = SeededGenerator(seed: seed)
        let text = String(repeating: Self.requests, count: 20)
        let expected = String(repeating: "/a 0;/b 3000;/c 6;", count: 20)
        #expect(try send(text, &random) == expected)
        #expect(channel.isActive)
        _ = try channel.finish()
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>) func refusalFollowsTheAnswersIndependentlyOfTheSplit(seed: UInt64)
        throws
    {
        var random = SeededGenerator(seed: seed)
        let text = Self.requests + "GARBAGE\r\n\r\n" + Self.requests
        #expect(try send(text, &random) == "/a 0;/b 3000;/c 6;malformedRequest;")
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test func stoppingServerClosesAnIdleConnection() throws {
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
    }
}
