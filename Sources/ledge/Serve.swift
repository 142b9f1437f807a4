internal import API
internal import ArgumentParser
internal import Blobs
internal import Catalog
internal import Control
internal import Disk
internal import Federation
internal import Glibc
internal import Inspection
internal import Logging
internal import NIOCore
internal import SegmentLog
internal import Store
internal import Tokens

/// `ledge serve`: opens a data directory and serves it until a signal.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the REST API from a data directory.",
        discussion: """
            The directory is made where there is none, and belongs to one server at a time. When requests are accepted \
            one line, "listening on http://HOST:PORT", goes to standard output; everything else goes to standard error. \
            SIGTERM and SIGINT end it cleanly; after any other end the next start recovers, and says what it found.

            Without authentication it listens on loopback only. With it, every request needs a token that is signed with \
            the secret in the data directory; "ledge token" makes the first one.

            A configuration file is one JSON object of these options by their long names; lists are options given several \
            times, and what the command line says wins: {"data": "/var/lib/ledge", "combiner": ["edge=10.0.0.5:12080"]}

            EXAMPLES
              ledge serve --data data
              ledge serve --data data --combiner edge=192.168.1.20:12080
              ledge serve --config /etc/ledge.json --listen 0.0.0.0:8092 --authentication
              ledge serve --data /var/lib/ledge --listen 127.0.0.1:0 --log-level debug
              ledge serve --retain telemetry=age:30d,bytes:10GiB --retain statuses=age:1y
              ledge serve --listen [::]:8092 --allow-remote-without-authentication
            """
    )

    @Option(help: ArgumentHelp("A file of options; see above.", valueName: "file"), completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("The data directory.", valueName: "dir"), completion: .directory)
    var data = "data"

    @Option(help: ArgumentHelp("Where to listen; port 0 picks one that is free.", valueName: "host:port"))
    var listen = ListenAddress.standard

    @Option(
        help: ArgumentHelp("A combiner that edge clients connect to; may be repeated.", valueName: "name=host:port")
    )
    var combiner: [CombinerDeclaration] = []

    @Option(help: ArgumentHelp("Serve every path below this one as well, for a proxy.", valueName: "/path"))
    var urlPrefix = ""

    @Option(help: ArgumentHelp("What clients are told the network is called.", valueName: "name"))
    var networkID = ServerOptions().networkID

    @OptionGroup(title: "ACCESS")
    var access: ServeAccess

    @Flag(
        help: "Listen where other machines can reach it. Anyone who reaches it can read, change and delete everything."
    )
    var allowRemoteWithoutAuthentication = false

    @OptionGroup(title: "LIMITS")
    var limits: ServeLimits

    @Option(
        help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"),
        transform: { text in
            guard let level = Logger.Level(rawValue: text) else { throw ValidationError("it is not a level") }
            return level
        }
    )
    var logLevel = Logger.Level.info

    mutating func validate() throws {
        let isPath = urlPrefix.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._~-".contains($0)) }
        guard isPath else { throw ValidationError("--url-prefix has letters, digits, and . _ ~ - between its slashes") }
    }

    func run() async throws {
        guard listen.isLoopback || access.isOn || allowRemoteWithoutAuthentication else {
            throw CommandFailure(
                "other machines can reach \(listen.host): say --authentication, or listen on 127.0.0.1, "
                    + "or say --allow-remote-without-authentication"
            )
        }
        let level = logLevel
        LoggingSystem.bootstrap { label in
            var log = StreamLogHandler.standardError(label: label)
            log.logLevel = level
            return log
        }
        let logger = Logger(label: "ledge")
        let fileCountMax = OpenFileLimit.raise()
        let connectionCountMax = limits.connectionCountMax(fileCountMax: fileCountMax)
        if connectionCountMax < limits.maxConnections {
            logger.warning(
                "the limit of open files leaves room for fewer connections",
                metadata: ["files": "\(fileCountMax)", "connections": "\(connectionCountMax)"]
            )
        }
        let (store, blobs) = try await open(logger)
        for report in store.recovery { log(report, to: logger) }
        for (collection, places) in store.damage { log(places, of: collection, to: logger) }
        for path in store.rebuiltIndexPaths {
            logger.notice(
                "made an index again that was missing or not as it was written",
                metadata: ["file": "\(path)"]
            )
        }
        let controller = Controller(store: store, blobs: blobs, participants: NoParticipants()) {
            logger.notice("\($0)")
        }
        // Whatever ends the server, the logs are closed: the next start then knows their exact length.
        let ending: Result<Void, any Error>
        do {
            let network = FederatedNetwork(store: store, blobs: blobs)
            let server = Server(
                network: network,
                controller: controller,
                authority: try access.authority(data: data, store: store),
                options: options(fileCountMax: fileCountMax),
                logger: logger
            )
            ending = .success(try await serve(server, network, controller, logger))
        } catch {
            ending = .failure(error)
        }
        await controller.shutdown()
        await blobs.close()
        try await close(store)
        try ending.get()
    }
}

extension Serve {
    static let name = "serve"
    private static let shownDamageCountMax = 20

    private func options(fileCountMax: UInt64) -> ServerOptions {
        var options = limits.server(listen, fileCountMax: fileCountMax)
        options.pathPrefix = urlPrefix.split(separator: "/").map { "/\($0)" }.joined()
        options.networkID = networkID
        return options
    }

    /// Opens the directory, and closes the store again where the blobs cannot be opened.
    private func open(_ logger: Logger) async throws -> (Store, BlobStore) {
        let disk = PosixDisk()
        var storeOptions = limits.store
        storeOptions.servesDamaged = true
        storeOptions.notice = { notice in logger.log(level: notice.level, "\(notice)") }
        let store: Store
        do throws(StoreError) {
            store = try Store.open(data, schemas: Resource.allSchemas, options: storeOptions, on: disk)
        } catch {
            throw CommandFailure(error.text)
        }
        do throws(UploadError) {
            return (store, try BlobStore(directory: data, options: limits.blobs, space: store.space, on: disk))
        } catch {
            try await close(store)
            throw CommandFailure(error.text)
        }
    }

    private func close(_ store: Store) async throws {
        do throws(StoreError) { try await store.close() } catch { throw CommandFailure(error.text) }
    }

    /// Goes on with what an earlier process left, and serves until a signal.
    private func serve(
        _ server: Server,
        _ network: FederatedNetwork,
        _ controller: Controller,
        _ logger: Logger
    ) async throws {
        try await startingAnyway(logger, "a combiner is not declared") {
            for declaration in combiner { try await network.combiners.declare(declaration) }
        }
        try await startingAnyway(logger, "what was running does not go on") {
            for notice in try await controller.resume() { Console.note(notice) }
        }
        let data =
            realpath(data, nil).map { path in
                defer { free(path) }
                return String(cString: path)
            } ?? data
        do {
            try await server.run { host, port in
                let url = "http://\(ListenAddress.text(host: host, port: port))"
                Console.output("listening on \(url)")
                Console.note(
                    "serving \(data); upload a model: curl -F helper=numpyhelper -F file=@seed.npz \(url)/api/v1/models/"
                )
            }
        } catch {
            throw CommandFailure("cannot serve on \(listen): \(IOError.text(error))")
        }
    }

    /// Does what a start does, or says that it could not: a document it needs is damaged, or the disk is full.
    private func startingAnyway(_ logger: Logger, _ consequence: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            let cause: StoreError
            switch error {
            case let error as StoreError: cause = error
            case ControlError.store(let error): cause = error
            default: throw error
            }
            switch cause {
            case .damaged, .doubtful: logger.error("\(consequence): \(cause.text)")
            case let cause where cause.isNoSpace: logger.error("\(consequence), for want of space: \(cause.text)")
            default: throw CommandFailure(cause.text)
            }
        }
    }

    /// Says what of a collection is damaged; it is served without that.
    private func log(_ places: [Corruption], of collection: String, to logger: Logger) {
        for place in places.prefix(Self.shownDamageCountMax) { logger.error("\(Finding(place))") }
        logger.error(
            "\(collection) is served without what is lost; stop the server and see \"ledge repair\"",
            metadata: ["places": "\(places.count)"]
        )
    }

    /// Says what recovery found in one log, and what it changed.
    private func log(_ report: RecoveryReport, to logger: Logger) {
        logger.debug(
            "opened \(report.name)",
            metadata: ["segments": "\(report.segmentCount)", "records": "\(report.recordCount)"]
        )
        if let tail = report.tornTail {
            logger.warning(
                "cut off an append that a crash interrupted; none of it was acknowledged",
                metadata: ["file": "\(tail.path)", "offset": "\(tail.offset)", "bytes": "\(tail.byteCount)"]
            )
        }
        for path in report.removedPaths {
            logger.notice("removed a file that a crash left", metadata: ["file": "\(path)"])
        }
    }
}

extension MaintenanceNotice {
    /// Sealing happens all the time; what leaves or moves an operator may want to find again.
    fileprivate var level: Logger.Level {
        switch self {
        case .sealed: .debug
        case .compacted, .dropped: .info
        case .mended: .notice
        case .failed: .warning
        }
    }
}
