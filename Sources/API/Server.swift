package import Blobs
package import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import ServiceLifecycle
package import Store

/// The HTTP server over a store and its blobs.
package struct Server: Sendable {
    private let routes: Routes
    private let blobs: BlobStore
    private let options: ServerOptions
    private let logger: Logger

    package init(store: Store, blobs: BlobStore, options: ServerOptions = ServerOptions(), logger: Logger) {
        self.routes = Routes(store: store, blobs: blobs, options: options)
        self.blobs = blobs
        self.options = options
        self.logger = logger
    }

    /// Serves until a signal of the options arrives, and returns when the requests in flight are answered.
    ///
    /// The caller then closes the blobs and the store.
    ///
    /// - Parameter onListening: called once, with the address that is listened on, when requests are accepted.
    /// - Throws: where the address cannot be listened on.
    package func run(onListening: @escaping @Sendable (_ host: String, _ port: Int) -> Void) async throws {
        let application = application { channel in
            onListening(options.host, channel.localAddress?.port ?? options.port)
        }
        var configuration = ServiceGroupConfiguration(
            services: [application],
            gracefulShutdownSignals: options.shutdownSignals,
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = options.shutdownTimeout
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The application behind ``run(onListening:)``, for tests that drive it without a socket.
    package func application(
        onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            router: routes.makeRouter(),
            server: HTTPServerBuilder { [options] responder in
                ConnectionChannel(
                    base: HTTP1Channel(
                        responder: responder,
                        configuration: HTTP1Channel.Configuration(idleTimeout: TimeAmount(options.idleTimeout))
                    )
                )
            },
            configuration: ApplicationConfiguration(address: .hostname(options.host, port: options.port)),
            services: [UploadExpiry(blobs: blobs, interval: options.uploadExpiryInterval, logger: logger)],
            onServerRunning: onRunning,
            logger: logger
        )
    }

    /// Every route as `METHOD path`, sorted.
    package var endpoints: [String] {
        routes.makeRouter().routes.map(\.description).sorted()
    }
}
