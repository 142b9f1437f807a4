package import Catalog
internal import Connections
package import Control
package import Federation
package import Hummingbird
internal import HummingbirdCore
internal import JSON
package import Logging
internal import NIOCore
internal import ServiceLifecycle
package import Tokens

/// The HTTP server over a store and its blobs.
package struct Server: Sendable {
    private let routes: Routes
    private let options: ServerOptions
    private let connections: ConnectionTable
    private let logger: Logger
    /// For the libraries, whose lower levels describe their insides.
    private let libraryLogger: Logger

    /// Creates a server; authentication is on if there is an `authority`.
    package init(
        network: FederatedNetwork,
        controller: Controller,
        authority: TokenAuthority? = nil,
        options: ServerOptions = ServerOptions(),
        logger: Logger
    ) {
        routes = Routes(
            network: network,
            controller: controller,
            authority: authority,
            options: options,
            audit: AuditLog(logger),
            log: RequestLog(logger: logger)
        )
        self.options = options
        connections = ConnectionTable(options.connections)
        self.logger = logger
        var libraryLogger = logger
        libraryLogger.logLevel = max(logger.logLevel, .warning)
        self.libraryLogger = libraryLogger
    }

    /// Serves until a signal of the options arrives, and returns when the requests in flight are answered or their
    /// connections were closed after the shutdown timeout.
    ///
    /// The caller then closes the blobs and the store.
    ///
    /// - Parameter onListening: called once, with the listening address, when requests are accepted.
    /// - Throws: if the address cannot be bound.
    package func run(onListening: @escaping @Sendable (_ host: String, _ port: Int) -> Void) async throws {
        let application = application { channel in
            onListening(options.host, channel.localAddress?.port ?? options.port)
        }
        var configuration = ServiceGroupConfiguration(
            services: [
                ShutdownDeadline(server: application, connections: connections, timeout: options.shutdownTimeout)
            ],
            gracefulShutdownSignals: options.shutdownSignals,
            logger: libraryLogger
        )
        configuration.maximumGracefulShutdownDuration = options.shutdownTimeout + .milliseconds(500)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The application that ``run(onListening:)`` runs, for tests without a socket.
    package func application(
        onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            router: routes.makeRouter(),
            server: HTTPServerBuilder { [options, connections] responder in
                HTTP1ServerChannel(
                    options.connections,
                    in: connections,
                    responder: responder,
                    answer: RefusalAnswer.init
                )
            },
            configuration: ApplicationConfiguration(address: .hostname(options.host, port: options.port)),
            services: [
                Expiry(
                    network: routes.network,
                    controller: routes.controller,
                    authority: routes.authority,
                    options: options,
                    logger: logger
                )
            ],
            onServerRunning: onRunning,
            logger: libraryLogger
        )
    }

    /// Checks the name of a combiner that the operator declares, which is its id.
    package func check(_ combiner: CombinerDeclaration) throws(ValidationError) {
        try PathIDs(routes.makeTable().endpoints).check(["combiner_id": .string(combiner.name)], of: .combiners)
    }

    /// Every endpoint as `METHOD path`, sorted.
    package var endpoints: [String] {
        routes.makeTable().endpoints.map { "\($0.method.rawValue) \($0.path)" }.sorted()
    }
}
