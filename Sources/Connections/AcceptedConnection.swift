internal import HummingbirdCore
package import NIOCore
internal import Synchronization

/// A connection that is ready for its requests.
///
/// A server that is being stopped drops connections that it has accepted and does not handle yet, and NIO ends the
/// process when an asynchronous channel is released unused. So a dropped connection is used after all, to close it.
package final class AcceptedConnection: ServerChildChannelValue {
    private let connection: HTTP1Channel.Value
    private let isHandled = Atomic(false)

    package var channel: any Channel { connection.channel }

    init(_ connection: HTTP1Channel.Value) {
        self.connection = connection
    }

    deinit {
        guard !isHandled.load(ordering: .relaxed) else { return }
        Task { [connection] in
            // Closing a connection fails if its client has closed it already.
            do { try await connection.executeThenClose { _, _ in } } catch {}
        }
    }

    /// Returns the connection to the one caller that handles and closes it.
    func handled() -> HTTP1Channel.Value {
        isHandled.store(true, ordering: .relaxed)
        return connection
    }
}
