internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// One client's connection: Hummingbird's HTTP/1.1 channel with a bigger receive buffer and a gentle close.
///
/// The buffer decides how fast uploads run: with NIO's 64 KiB a 10 MB body took 1.6 times as long as with 256 KiB,
/// because each read is a hop between executors (measured, docs/ARCHITECTURE.md). It grows only on connections that
/// fill it.
struct ConnectionChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    static let receiveByteCountMax = 256 << 10

    let base: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let allocator = AdaptiveRecvByteBufferAllocator(
            minimum: 1 << 10,
            initial: 4 << 10,
            maximum: Self.receiveByteCountMax
        )
        return channel.setOption(.recvAllocator, value: allocator)
            .flatMap { base.setup(channel: channel, logger: logger) }
            .flatMapThrowing { value in
                let pipeline = channel.pipeline.syncOperations
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                try pipeline.addHandlers([ContinueSignal(), LingeringClose()], position: .after(decoder))
                return value
            }
    }

    func handle(value: Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
