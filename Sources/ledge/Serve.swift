internal import API
internal import ArgumentParser
internal import Blobs
internal import Catalog
internal import Disk
internal import Glibc
internal import Logging
internal import NIOCore
internal import SegmentLog
internal import Store

/// `ledge serve`: opens a data directory and serves it until a signal.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the REST API from a data directory.",
        discussion: """
            The directory is made where there is none, and belongs to one server at a time. When requests are accepted \
            one line, "listening on http://HOST:PORT", goes to standard output; everything else goes to standard error. \
            SIGTERM and SIGINT end it cleanly; after any other end the next start recovers, and says what it found.

            There is no authentication yet, so it listens on loopback unless told otherwise.

            EXAMPLES
              ledge serve --data data
              ledge serve --data /var/lib/ledge --listen 127.0.0.1:0 --log-level debug
              ledge serve --listen [::]:8092 --allow-remote-without-authentication
            """
    )

    @Option(help: ArgumentHelp("The data directory.", valueName: "dir"), completion: .directory)
    var data = "data"

    @Option(help: ArgumentHelp("Where to listen; port 0 picks one that is free.", valueName: "host:port"))
    var listen = ListenAddress.standard

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

    func run() async throws {
        guard listen.isLoopback || allowRemoteWithoutAuthentication else {
            throw CommandFailure(
                "other machines can reach \(listen.host), and there is no authentication yet: listen on 127.0.0.1, "
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
        let (store, blobs) = try await open()
        for report in store.recovery { log(report, to: logger) }
        let server = Server(store: store, blobs: blobs, options: limits.server(listen), logger: logger)
        // Whatever ends the server, the logs are closed: the next start then knows their exact length.
        let ending: Result<Void, any Error>
        do { ending = .success(try await serve(server)) } catch { ending = .failure(error) }
        await blobs.close()
        try await close(store)
        try ending.get()
    }
}

extension Serve {
    /// Opens the directory, and closes the store again where the blobs cannot be opened.
    private func open() async throws -> (Store, BlobStore) {
        let disk = PosixDisk()
        let store: Store
        do throws(StoreError) {
            store = try Store.open(data, schemas: Resource.schemas, options: limits.store, on: disk)
        } catch {
            throw CommandFailure(error.text)
        }
        do throws(UploadError) {
            return (store, try BlobStore(directory: data, options: limits.blobs, on: disk))
        } catch {
            try await close(store)
            throw CommandFailure(error.text)
        }
    }

    private func close(_ store: Store) async throws {
        do throws(StoreError) { try await store.close() } catch { throw CommandFailure(error.text) }
    }

    /// Serves until a signal.
    private func serve(_ server: Server) async throws {
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
            logger.notice("removed an empty segment that a crash left", metadata: ["file": "\(path)"])
        }
    }
}
