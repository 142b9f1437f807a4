import Blobs
import Catalog
import Disk
import JSON
import Store
import TestSupport

@testable import Federation

/// A federated network with a store and blobs, by default on a disk in memory.
struct NetworkFixture {
    let disk: FaultDisk
    let store: Store
    let blobs: BlobStore
    let network: FederatedNetwork

    init(on disk: FaultDisk = FaultDisk(), reserveByteCount: Int64? = nil) throws {
        self.disk = disk
        var options = Store.Options()
        options.reserveByteCount = reserveByteCount
        store = try Store.open("data", schemas: Resource.allSchemas, options: options, on: disk)
        blobs = try BlobStore(directory: "data", space: store.space, on: disk)
        network = FederatedNetwork(store: store, blobs: blobs)
    }

    func close() async throws {
        await blobs.close()
        try await store.close()
    }

    /// The documents of a resource.
    func documents(_ resource: Resource) -> ResourceCollection {
        ResourceCollection(resource, of: store)
    }

    /// Stores a client, as joining does.
    func addClient(_ id: String, name: String) async throws {
        _ = try await documents(.clients).put(["client_id": .string(id), "name": .string(name)])
    }

    /// Uploads a file and returns its token.
    func upload(_ bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8], name: String = "seed.bin") async throws -> String {
        let intake = try await BlobIntake(fileName: name, byteCount: Int64(bytes.count), blobs: blobs)
        try await intake.take(bytes)
        return try await intake.finish().token
    }

    /// Publishes a model of binaryhelper.
    func addModel(_ id: String, parent: String? = nil) async throws {
        _ = try await network.models.publish([
            "file_token": .string(try await upload()), "helper": "binaryhelper", "model_id": .string(id),
            "parent_model": JSON(parent),
        ])
    }

    /// Publishes a package of that name, which becomes the active one, and returns its id.
    @discardableResult
    func addPackage(_ name: String) async throws -> String {
        let token = try await upload(name: "\(name).tgz")
        return try await network.packages.publish(["file_token": .string(token), "name": .string(name)])
    }
}
