import Blobs
import Catalog
import Control
import Disk
import Federation
import JSON
import NIOConcurrencyHelpers
import Store
import TestSupport
import Trainers
import Weights

/// A controller on a data directory, with participants that train on digits and a manual clock.
struct TrainingFixture: Sendable {
    static let digits: Digits = {
        do {
            return try Digits(ModelFile.open(MemorySource(Fixture.bytes(of: "digits/digits.npz"))))
        } catch {
            preconditionFailure("the digits cannot be read: \(error)")
        }
    }()

    let network: FederatedNetwork
    let trainers: Trainers
    let controller: Controller
    let clock: ManualClock
    private let spoken: NIOLockedValueBox<[String]>

    var store: Store { network.store }
    var blobs: BlobStore { network.blobs }

    /// The log messages of the controller.
    var notices: [String] { spoken.withLockedValue { $0 } }

    /// Opens a data directory, which is created if it does not exist.
    static func open(
        _ disk: any Disk = FaultDisk(),
        at path: String = "data",
        clients clientCount: Int = 3,
        imageCountMax: Int = 40,
        epochCount: Int = 1
    ) throws -> TrainingFixture {
        let time = NIOLockedValueBox(Int64(1_780_000_000_000_000))
        let store = try Store.open(path, schemas: Resource.schemas, on: disk) {
            Timestamp(
                microseconds: time.withLockedValue {
                    $0 += 1
                    return $0
                }
            )
        }
        let blobs = try BlobStore(directory: path, on: disk)
        let students = (0..<clientCount).map { index in
            Trainer(
                index,
                of: clientCount,
                digits: digits,
                epochCount: epochCount,
                imageCountMax: imageCountMax,
                seed: 20_261_124
            )
        }
        let trainers = Trainers(students, store: store, blobs: blobs)
        let network = FederatedNetwork(store: store, blobs: blobs)
        let clock = ManualClock()
        let spoken = NIOLockedValueBox<[String]>([])
        let controller = Controller(network, participants: trainers, clock: clock) { notice in
            spoken.withLockedValue { $0.append(notice) }
        }
        trainers.report(to: controller)
        return TrainingFixture(
            network: network,
            trainers: trainers,
            controller: controller,
            clock: clock,
            spoken: spoken
        )
    }

    private init(
        network: FederatedNetwork,
        trainers: Trainers,
        controller: Controller,
        clock: ManualClock,
        spoken: NIOLockedValueBox<[String]>
    ) {
        self.network = network
        self.trainers = trainers
        self.controller = controller
        self.clock = clock
        self.spoken = spoken
    }

    /// Stores an untrained network, and returns its model's id.
    func makeSeed(_ widths: [Int] = Network.regression, id: String = "seed") async throws -> String {
        var generator = SeededGenerator(seed: 7)
        let upload = try await blobs.upload("seed.npz", Network(widths, using: &generator).bytes)
        let blob = try await blobs.claim(upload.token)
        return try await insert(
            Resource.models,
            [
                "model_id": .string(id), "model": .string(id), "helper": "numpyhelper", "file_name": "seed.npz",
                "file_size": .number(JSONNumber(blob.byteCount)), "checksum": .string(blob.sha256),
                "blob_id": .string(blob.blobID),
            ]
        )
    }

    /// Stores a session of that model, and returns its id.
    func makeSession(_ config: JSONObject = [:], model: String = "seed", id: String = "session") async throws -> String
    {
        var config = config
        config["model_id"] = .string(model)
        return try await insert(
            Resource.sessions,
            ["session_id": .string(id), "session_config": .object(config)]
        )
    }

    @discardableResult
    func insert(_ resource: Resource, _ object: JSONObject) async throws -> String {
        try await store.collection(resource.name).insert(try resource.validate(object)).id
    }

    /// The documents of a collection that pass a filter like `status=Finished`, the oldest first.
    func documents(_ resource: Resource, _ filter: (name: String, value: String)...) throws -> [JSON] {
        let query = Query(filter: try resource.requestedFilter(query: filter).filter, ascending: true)
        return try store.collection(resource.name).list(query).documents.map { try JSON(parsing: $0.bytes) }
    }

    func document(_ resource: Resource, _ id: String) throws -> JSON? {
        try store.collection(resource.name).get(id).map { try JSON(parsing: $0.bytes) }
    }

    func count(_ resource: Resource, _ filter: (name: String, value: String)...) throws -> Int {
        try store.collection(resource.name).count(try resource.requestedFilter(query: filter).filter)
    }

    /// Returns the model's accuracy on the test images of all participants, which are not used for training.
    func accuracy(of modelID: String, clients clientCount: Int = 3) async throws -> Double {
        let blobID = try document(Resource.models, modelID)?["blob_id"]?.string ?? ""
        let network = try Network(ModelFile.open(MemorySource(try await blobs.content(of: blobID))))
        let unseen = (0..<clientCount).flatMap { Self.digits.share($0, of: clientCount).testing }
        return network.evaluate(unseen, of: Self.digits).accuracy
    }

    /// Waits until no session is running and no client is training.
    func untilQuiet() async {
        await controller.untilIdle()
        await trainers.untilQuiet()
    }

    func close() async throws {
        await controller.shutdown()
        await blobs.close()
        try await store.close()
    }
}

extension JSON {
    /// The text at a path.
    func text(_ path: String) -> String? { self[path: FieldPath(path)]?.string }

    /// The integer at a path.
    func number(_ path: String) -> Int64? { self[path: FieldPath(path)]?.int }
}
