import HummingbirdCore
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import Connections

@Suite(.timeLimit(.minutes(60)))
struct AcceptedConnectionTests {
    /// A server that is being stopped drops it; NIO alone would end the process.
    @Test func connectionThatIsNeverHandledIsClosed() async throws {
        let channel = NIOAsyncTestingChannel()
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
        let server = HTTP1ServerChannel(
            ConnectionLimits(),
            in: ConnectionTable(ConnectionLimits()),
            responder: { _, _, _ in },
            answer: { _ in preconditionFailure("no request was sent") }
        )
        try await channel.eventLoop.flatSubmit {
            server.setup(channel: channel, logger: Logger(label: "test")).map { _ in }
        }.get()
        try await channel.closeFuture.get()
    }
}
