import API
import ArgumentParser
import Blobs
import Catalog
import Control
import Disk
import Federation
import Glibc
import JSON
import Logging
import Store
import TestSupport
import Trainers
import Weights

/// The server with participants in its own process that train on handwritten digits, for tests that control it from
/// another process.
///
/// It is started like `ledge serve`: `ledge-trainers serve --data DIR --listen 127.0.0.1:0`.
@main
struct TrainersServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledge-trainers",
        abstract: "Serve the REST API with participants that train on digits (for tests).",
        subcommands: [Serve.self]
    )
}

struct Serve: AsyncParsableCommand {
    @Option(help: "The data directory.")
    var data: String

    @Option(help: "Address to listen on; port 0 selects a free one.")
    var listen = "127.0.0.1:0"

    @Option(help: "Number of clients.")
    var clients = 3

    @Option(help: "Passes of each client over its images in one round.")
    var epochs = 1

    @Option(help: "Seconds that a client waits before it trains, so that a test can intervene.")
    var pause = 0.0

    func run() async throws {
        let disk = PosixDisk()
        let store = try Store.open(data, schemas: Resource.allSchemas, on: disk)
        let blobs = try BlobStore(directory: data, on: disk)
        let digits = try Digits(ModelFile.open(MemorySource(Fixture.bytes(of: "digits/digits.npz"))))
        let trainers = Trainers(
            (0..<clients).map { Trainer($0, of: clients, digits: digits, epochCount: epochs, seed: 20_261_124) },
            store: store,
            blobs: blobs,
            pause: .seconds(pause)
        )
        for client in await trainers.online() { try await introduce(client, to: store) }
        let logger = Logger(label: "ledge-trainers") { StreamLogHandler.standardError(label: $0) }
        let network = FederatedNetwork(store: store, blobs: blobs)
        let controller = Controller(network, participants: trainers) { logger.notice("\($0)") }
        trainers.report(to: controller)
        var options = ServerOptions()
        let parts = listen.split(separator: ":").map(String.init)
        guard parts.count == 2, let port = Int(parts[1]) else { throw ValidationError("--listen HOST:PORT") }
        options.host = parts[0]
        options.port = port
        let server = Server(
            network: network,
            controller: controller,
            options: options,
            logger: logger
        )
        for notice in try await controller.resume() { logger.notice("\(notice)") }
        try await server.run { host, port in
            // Flushed, because the reader of a pipe waits for this line.
            print("listening on http://\(host):\(port)")
            fflush(nil)
        }
        await controller.shutdown()
        await blobs.close()
        try await store.close()
    }

    /// Stores the documents that the clients' endpoint would store.
    private func introduce(_ client: Participant, to store: Store) async throws {
        let document: JSONObject = [
            "client_id": .string(client.id), "name": .string(client.name), "combiner": .string(client.combiner),
            "status": "online", "last_seen": .string(Timestamp.now().description), "package": "local",
        ]
        _ = try await store.collection(Resource.clients.name).put(try Resource.clients.validate(document))
    }
}
