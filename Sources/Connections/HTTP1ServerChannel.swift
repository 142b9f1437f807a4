package import HummingbirdCore
package import Logging
package import NIOCore
internal import NIOHTTP1

/// One client's connection: Hummingbird's HTTP/1.1 channel with limits, a larger receive buffer and a lingering close.
///
/// The buffer decides how fast uploads run: with NIO's 64 KiB a 10 MB body took 1.6 times as long as with 256 KiB,
/// because each read is a hop between executors (measured, docs/ARCHITECTURE.md). It grows only on connections that
/// fill it.
package struct HTTP1ServerChannel: ServerChildChannel {
    package typealias Value = AcceptedConnection

    private static let receiveByteCountMax = 256 << 10
    /// For the buffers of all connections together: with many connections each has a smaller one.
    private static let receiveByteCountOfAllMax = 16 << 20
    private static let receiveByteCountMin = 16 << 10

    private let base: HTTP1Channel
    private let limits: ConnectionLimits
    private let table: ConnectionTable
    private let answer: @Sendable (ConnectionRefusal) -> RefusalAnswer

    /// Makes a channel whose refused requests get the `answer` of the server above.
    package init(
        _ limits: ConnectionLimits,
        in table: ConnectionTable,
        responder: @escaping HTTPChannelHandler.Responder,
        answer: @escaping @Sendable (ConnectionRefusal) -> RefusalAnswer
    ) {
        self.limits = limits
        self.table = table
        self.answer = answer
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: HTTP1Limits.lineByteCountMax,
            maxHeaderListSize: HTTP1Limits.headByteCountMax,
            maxHeaderFieldCount: HTTP1Limits.headerCountMax
        )
        base = HTTP1Channel(
            responder: { request, writer, channel in
                try await responder(request.reportingItsBody(on: channel), writer, channel)
            },
            configuration: HTTP1Channel.Configuration(httpDecoderConfiguration: decoder)
        )
    }

    /// Adds the connection to the table and the handlers to its pipeline; too many connections are closed instead.
    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let refusal: ConnectionRefusal?
        switch table.admit(channel) {
        case .admitted: refusal = nil
        case .refused(let reason): refusal = reason
        case .dropped:
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        let allocator = AdaptiveRecvByteBufferAllocator(
            minimum: 1 << 10,
            initial: 4 << 10,
            maximum: min(
                Self.receiveByteCountMax,
                max(Self.receiveByteCountMin, Self.receiveByteCountOfAllMax / max(1, table.count))
            )
        )
        return channel.setOption(.recvAllocator, value: allocator)
            .flatMap { base.setup(channel: channel, logger: logger) }
            .flatMapThrowing { value in
                let connection = AcceptedConnection(value)
                try addHandlers(to: channel, refusal: refusal)
                return connection
            }
    }

    private func addHandlers(to channel: any Channel, refusal: ConnectionRefusal?) throws {
        let connection = HTTP1Connection(
            HTTP1ConnectionState(limits, refusal: refusal, at: .now()),
            slot: ConnectionSlot(channel, in: table),
            answer: answer
        )
        let pipeline = channel.pipeline.syncOperations
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(HTTP1MessageHandler(connection), position: .after(decoder))
        try pipeline.addHandler(
            HTTP1SocketHandler(connection, tickInterval: TimeAmount(limits.tickInterval)),
            position: .first
        )
    }

    /// Answers the requests of the connection until it ends.
    package func handle(value: Value, logger: Logger) async {
        await base.handle(value: value.handled(), logger: logger)
    }
}
