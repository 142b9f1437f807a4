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
            Creates the data directory if it does not exist; one with other files must be permitted with \
            --allow-non-empty. Only one server can use a directory at a time. When the server accepts requests, it prints \
            one line, "listening on http://HOST:PORT", to standard output; all other output goes to standard error. \
            SIGTERM and SIGINT stop it cleanly. After a crash, the next start recovers and reports what it found.

            Without --authentication the server listens on loopback addresses only. With it, every request needs a token \
            that is signed with the secret in the data directory; "ledge token" creates the first one.

            A configuration file (--config) is a JSON object with options by their long names; a list repeats an option. \
            Options of the command line take precedence. Example:

              {"data": "/var/lib/ledge", "combiner": ["edge=10.0.0.5:12080"]}

            EXAMPLES
              ledge serve --data data
              ledge serve --data data --combiner edge=192.168.1.20:12080
              ledge serve --config /etc/ledge.json --listen 0.0.0.0:8092 --authentication
              ledge serve --data /var/lib/ledge --listen 127.0.0.1:0 --log-level debug
              ledge serve --retain telemetry=age:30d,bytes:10GiB --retain statuses=age:1y --retain models=count:20
              ledge serve --listen [::]:8092 --allow-remote-without-authentication
            """
    )

    @Option(help: ArgumentHelp("JSON file with options; see above.", valueName: "file"), completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("Data directory.", valueName: "dir"), completion: .directory)
    var data = "data"

    @Flag(help: "Make a directory with other files a data directory; Ledge does not change them.")
    var allowNonEmpty = false

    @Option(help: ArgumentHelp("Address to listen on; port 0 selects a free port.", valueName: "host:port"))
    var listen = ListenAddress.standard

    @Option(
        help: ArgumentHelp(
            "Combiner to which edge clients connect; repeatable. (default: none)",
            valueName: "name=host:port"
        )
    )
    var combiner: [CombinerDeclaration] = []

    @Option(
        help: ArgumentHelp(
            "Path prefix of a reverse proxy; every path is also served with this prefix. (default: none)",
            valueName: "/path"
        )
    )
    var urlPrefix = ""

    @Option(help: ArgumentHelp("Name of the network, as returned to clients.", valueName: "name"))
    var networkID = ServerOptions().networkID

    @OptionGroup(title: "ACCESS")
    var access: ServeAccess

    @Flag(
        help: """
            Listen on a non-loopback address without authentication. Everyone who can reach the server can then read, \
            change and delete everything.
            """
    )
    var allowRemoteWithoutAuthentication = false

    @OptionGroup(title: "WEB PAGES")
    var browsers: ServeBrowsers

    @OptionGroup(title: "LIMITS")
    var limits: ServeLimits

    @OptionGroup(title: "LOG")
    var log: ServeLog

    mutating func validate() throws {
        let isPath = urlPrefix.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._~-".contains($0)) }
        guard isPath else {
            throw ValidationError("--url-prefix may contain letters, digits, '.', '_', '~', '-' and slashes")
        }
    }

    func run() async throws {
        guard listen.isLoopback || access.isOn || allowRemoteWithoutAuthentication else {
            throw CommandFailure(
                "other machines can reach \(listen.host): add --authentication, listen on 127.0.0.1, "
                    + "or add --allow-remote-without-authentication"
            )
        }
        try HostLookup.require(listen.host, of: "--listen")
        try await log.withLogger(serve)
    }
}

extension Serve {
    static let name = "serve"
    private static let shownDamageCountMax = 20

    /// Opens the data directory, serves until a signal, and closes it.
    private func serve(_ logger: Logger) async throws {
        AllocatorArenas.limit()
        let fileCountMax = OpenFileLimit.raise()
        let connectionCountMax = limits.connectionCountMax(fileCountMax: fileCountMax)
        if connectionCountMax < limits.maxConnections {
            logger.warning(
                "the limit of open files reduces the number of connections",
                metadata: ["files": "\(fileCountMax)", "connections": "\(connectionCountMax)"]
            )
        }
        if browsers.allowsAllPages, !access.isOn {
            logger.warning(
                "every web page that a user of this network opens can read and change all data (--allow-origin *)"
            )
        }
        let disk = try openDirectory(logger)
        let (store, blobs) = try await open(on: disk, logger)
        logOpening(of: store, to: logger)
        let network = FederatedNetwork(store: store, blobs: blobs)
        let controller = Controller(network, participants: NoParticipants()) {
            logger.notice("\($0)")
        }
        // The logs are closed even if the server failed, so that the next start knows their exact length.
        let outcome: Result<Void, any Error>
        do {
            let server = Server(
                network: network,
                controller: controller,
                authority: try access.authority(data: data, store: store, on: disk),
                options: options(fileCountMax: fileCountMax),
                logger: logger
            )
            outcome = .success(try await serve(server, network, controller, logger))
        } catch {
            outcome = .failure(error)
        }
        await controller.shutdown()
        await blobs.close()
        try await close(store)
        try outcome.get()
        logger.notice("stopped; all data is on disk")
    }

    private func logOpening(of store: Store, to logger: Logger) {
        if store.isNew { logger.notice("created a new data directory at \(dataPath)") }
        for report in store.recovery { log(report, to: logger) }
        for (collection, places) in store.damage { log(places, of: collection, to: logger) }
        for path in store.rebuiltIndexPaths {
            logger.notice(
                "rebuilt an index file that was missing, damaged or of another format",
                metadata: ["file": "\(path)"]
            )
        }
    }

    private func options(fileCountMax: UInt64) -> ServerOptions {
        var options = limits.server(listen, fileCountMax: fileCountMax)
        options.pathPrefix = urlPrefix.split(separator: "/").map { "/\($0)" }.joined()
        options.networkID = networkID
        options.allowedHosts = browsers.allowHost
        options.allowedOrigins = browsers.allowOrigin
        return options
    }

    /// What an operator wants to know about a server whose log is all there is.
    private var settings: Logger.Metadata {
        [
            "version": "\(Ledge.configuration.version)", "data": "\(dataPath)", "listen": "\(listen)",
            "authentication": access.isOn ? "on" : "off", "log_level": "\(log.logLevel)",
        ]
    }

    /// The path of the data directory without links, for messages.
    private var dataPath: String {
        realpath(data, nil).map { path in
            defer { free(path) }
            return String(cString: path)
        } ?? data
    }

    /// Opens the data directory, which is created if it does not exist, and logs which of its entries are open to others.
    private func openDirectory(_ logger: Logger) throws -> PosixDisk {
        do throws(StorageError) {
            try PosixDisk().ensureDirectory(data)
            let disk = try PosixDisk(root: data)
            if let names = try DataDirectory(data).namesOpenToOthers(on: disk) {
                logger.warning(
                    "other users have access to the data directory; run chmod -R go= \(dataPath)",
                    metadata: ["open": "\((["."] + names).joined(separator: " "))"]
                )
            }
            return disk
        } catch {
            throw CommandFailure(error.text)
        }
    }

    /// Opens the store and the blobs; closes the store if the blobs cannot be opened.
    private func open(on disk: PosixDisk, _ logger: Logger) async throws -> (Store, BlobStore) {
        var storeOptions = limits.store
        storeOptions.allowsOtherFiles = allowNonEmpty
        storeOptions.servesDamaged = true
        storeOptions.notice = { notice in logger.log(level: notice.level, "\(notice)") }
        let store: Store
        do throws(StoreError) {
            store = try Store.open(data, schemas: Resource.allSchemas, options: storeOptions, on: disk)
        } catch {
            throw CommandFailure(error.text)
        }
        do {
            var blobOptions = limits.blobs
            blobOptions.expiryClock = { store.expiryTime }
            return (store, try BlobStore(directory: data, options: blobOptions, space: store.space, on: disk))
        } catch {
            try await close(store)
            throw CommandFailure(error.text)
        }
    }

    private func close(_ store: Store) async throws {
        do { try await store.close() } catch { throw CommandFailure(error.text) }
    }

    /// Resumes the session of the previous process, and serves until a signal.
    private func serve(
        _ server: Server,
        _ network: FederatedNetwork,
        _ controller: Controller,
        _ logger: Logger
    ) async throws {
        for declaration in combiner {
            do throws(Catalog.ValidationError) { try server.check(declaration) } catch {
                throw CommandFailure("--combiner \(declaration.name): \(error.message)")
            }
        }
        try await startingAnyway(logger, "cannot declare a combiner") {
            for declaration in combiner { try await network.combiners.declare(declaration) }
        }
        try await startingAnyway(logger, "cannot resume the running session") {
            for notice in try await controller.resume() { logger.notice("\(notice)") }
        }
        do {
            try await server.run { host, port in
                let url = "http://\(ListenAddress.text(host: host, port: port))"
                Console.inform("listening on \(url)")
                logger.notice(
                    "serving; upload a model: curl -F helper=numpyhelper -F file=@seed.npz \(url)/api/v1/models/",
                    metadata: settings
                )
            }
        } catch {
            throw CommandFailure("cannot serve on \(listen): \(IOError.text(error))")
        }
    }

    /// Calls `body`; if a document that it needs is damaged or the disk is full, only logs the error.
    private func startingAnyway(_ logger: Logger, _ consequence: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            let cause = error as? StoreError ?? (error as? StorageError).map(StoreError.storage)
            guard let cause else { throw error }
            guard !cause.isDamage else { return logger.error("\(consequence): \(cause.text)") }
            guard cause.isNoSpace else { throw CommandFailure(cause.text) }
            logger.error("\(consequence), the disk is full: \(cause.text)")
        }
    }

    /// Logs the damage of a collection, which is served without the damaged documents.
    private func log(_ places: [Corruption], of collection: String, to logger: Logger) {
        for place in places.prefix(Self.shownDamageCountMax) { logger.error("\(Finding(place))") }
        logger.error(
            "\(collection) is served without its damaged documents; stop the server and run \"ledge repair\"",
            metadata: ["places": "\(places.count)"]
        )
    }

    /// Logs what recovery found and changed in one log.
    private func log(_ report: RecoveryReport, to logger: Logger) {
        logger.debug(
            "opened \(report.name)",
            metadata: ["segments": "\(report.segmentCount)", "records": "\(report.recordCount)"]
        )
        if let tail = report.tornTail {
            logger.warning(
                "removed an append that a crash interrupted; it was not acknowledged",
                metadata: ["file": "\(tail.path)", "offset": "\(tail.offset)", "bytes": "\(tail.byteCount)"]
            )
        }
        for path in report.removedPaths {
            logger.notice("removed a file of an interrupted step", metadata: ["file": "\(path)"])
        }
    }
}

extension MaintenanceNotice {
    /// The log level: sealing is frequent; steps that move or drop documents are of interest to an operator.
    fileprivate var level: Logger.Level {
        switch self {
        case .sealed: .debug
        case .compacted, .dropped: .info
        case .rebuiltIndex, .clockCaughtUp, .expiryContinues: .notice
        case .clockIsBehind, .expiryIsHeld, .failed: .warning
        case .directory(_, .inPlace): .notice
        case .directory: .error
        }
    }
}
