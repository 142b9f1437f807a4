internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// One client's connection: Hummingbird's HTTP/1.1 channel with limits, a bigger receive buffer and a gentle close.
///
/// The buffer decides how fast uploads run: with NIO's 64 KiB a 10 MB body took 1.6 times as long as with 256 KiB,
/// because each read is a hop between executors (measured, docs/ARCHITECTURE.md). It grows only on connections that
/// fill it.
struct ConnectionChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    static let receiveByteCountMax = 256 << 10
    /// What the buffers of all connections may have together: where there are many of them, each has a smaller one.
    static let receiveByteCountOfAllMax = 16 << 20
    static let receiveByteCountMin = 16 << 10

    let base: HTTP1Channel
    let limits: ConnectionLimits
    let table: ConnectionTable

    init(_ limits: ConnectionLimits, in table: ConnectionTable, responder: @escaping HTTPChannelHandler.Responder) {
        self.limits = limits
        self.table = table
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: ConnectionLimits.lineByteCountMax,
            maxHeaderListSize: ConnectionLimits.headByteCountMax,
            maxHeaderFieldCount: ConnectionLimits.headerCountMax
        )
        base = HTTP1Channel(
            responder: responder,
            configuration: HTTP1Channel.Configuration(httpDecoderConfiguration: decoder)
        )
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        var refusal: RequestError?
        switch table.admit(channel) {
        case .admitted: break
        case .refused(let error): refusal = error
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
            .flatMapThrowing { [refusal] value in
                let watch = ConnectionWatch(limits)
                let place = ConnectionPlace(channel, in: table)
                let check = RequestCheck(watch: watch, place: place, refusal: refusal)
                let pipeline = channel.pipeline.syncOperations
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                try pipeline.addHandlers([ContinueSignal(), LingeringClose(), check], position: .after(decoder))
                try pipeline.addHandler(watch, position: .first)
                return value
            }
    }

    func handle(value: Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
