import NIOCore
import NIOPosix

/// A TCP connection to the server, for requests that no HTTP client sends.
struct RawConnection {
    private let inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    /// Connects, and closes the connection when `body` returns.
    static func connected<Value>(
        to port: Int,
        receiveByteCount: Int? = nil,
        _ body: (inout RawConnection) async throws -> Value
    ) async throws -> Value {
        // The server may close its output first and continue reading, so that the client can finish sending.
        var bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if let receiveByteCount {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: receiveByteCount)
        }
        let channel = try await bootstrap.connect(host: "localhost", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true)
                )
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }

    func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
    }

    func send(_ byte: UInt8, count: Int) async throws {
        try await outbound.write(ByteBuffer(repeating: byte, count: count))
    }

    /// Closes the output.
    func finish() {
        outbound.finish()
    }

    /// Reads until the server closes the connection, and returns how many bytes there were.
    func countAll() async throws -> Int {
        var iterator = inbound
        var byteCount = 0
        while let buffer = try await iterator.next() { byteCount += buffer.readableBytes }
        return byteCount
    }

    /// Reads until `end` has arrived, or the connection ends.
    func receive(until end: String) async throws -> String {
        var iterator = inbound
        var text = ""
        while !text.contains(end), let buffer = try await iterator.next() { text += String(buffer: buffer) }
        return text
    }

    /// Reads until the server closes the connection.
    func receiveAll() async throws -> String {
        try await receive(until: "\u{0}never\u{0}")
    }
}
