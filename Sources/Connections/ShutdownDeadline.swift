package import ServiceLifecycle

/// Closes connections that remain after the shutdown grace period.
///
/// During it, requests under way are answered and each connection ends with its answer. A client that does not read or
/// does not continue must not keep the process from closing its logs.
package struct ShutdownDeadline<Server: Service>: Service {
    private let server: Server
    private let connections: ConnectionTable
    private let timeout: Duration

    package init(server: Server, connections: ConnectionTable, timeout: Duration) {
        self.server = server
        self.connections = connections
        self.timeout = timeout
    }

    /// Runs the server, and closes every connection `timeout` after a graceful shutdown began.
    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await server.run()
        } onGracefulShutdown: {
            Task {
                try? await Task.sleep(for: timeout)
                connections.closeAll()
            }
        }
    }
}
