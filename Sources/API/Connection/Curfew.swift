internal import ServiceLifecycle

/// The server, which closes what connections are left some time after it was told to stop.
///
/// Until then the requests under way are answered, and each connection ends with its answer. A client that does not
/// read, or does not go on, must not keep the process from closing its logs.
struct Curfew<Server: Service>: Service {
    let server: Server
    let connections: ConnectionTable
    let timeout: Duration

    func run() async throws {
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
