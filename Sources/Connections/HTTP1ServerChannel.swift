package import HummingbirdCore
package import Logging
package import NIOCore
internal import NIOHTTP1

/// One client's connection: Hummingbird's HTTP/1.1 channel with limits, other receive buffers and a lingering close.
package struct HTTP1ServerChannel: ServerChildChannel {
    package typealias Value = AcceptedConnection

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
        return channel.setOption(.recvAllocator, value: ReceiveBuffers(table))
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
