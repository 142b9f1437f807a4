import Blobs
import Catalog
import Disk
import JSON
import Store
import TestSupport

/// A small data directory, written by the production code, whose server stopped cleanly.
struct SampleDirectory {
    /// The parts of its content; each can be checked alone.
    struct Parts: OptionSet {
        let rawValue: Int

        /// Replaced and deleted documents in several segments, and events.
        static let records = Parts(rawValue: 1)
        /// One model with its blob of four frames.
        static let model = Parts(rawValue: 2)
        /// One upload that waits to be claimed, and one for its second chunk.
        static let uploads = Parts(rawValue: 4)
        /// Seals and merges the full segments; requires ``records``.
        static let sealed = Parts(rawValue: 8)
    }

    static let path = "data"
    static let unfinishedContent = content(600)

    let disk = FaultDisk()
    private(set) var modelID = ""
    private(set) var blobPath = ""
    private(set) var completeID = ""
    private(set) var unfinishedID = ""

    init(_ parts: Parts = [.records, .model, .uploads]) async throws {
        var options = Store.Options()
        options.segmentByteCountMax = 600
        var resources: [Resource] = []
        if parts.contains(.records) { resources += [.clients, .statuses] }
        if parts.contains(.model) { resources += [.models] }
        let store = try Store.open(Self.path, schemas: resources.map(\.schema), options: options, on: disk)
        let blobs = try Self.openBlobs(on: disk)
        if parts.contains(.records) { try await addRecords(to: store) }
        if parts.contains(.sealed) { try await store.maintain() }
        if parts.contains(.model) { try await addModel(to: store, blobs) }
        if parts.contains(.uploads) { try await addUploads(to: blobs) }
        await blobs.close()
        try await store.close()
    }

    /// All files except the `lock` file, which only contains the server's process id.
    var files: [String] {
        disk.paths.filter { disk.bytes(of: $0) != nil && !$0.hasSuffix("/lock") }
    }

    static func openBlobs(on disk: FaultDisk) throws -> BlobStore {
        var options = BlobStore.Options()
        options.frameByteCount = 256
        options.chunkByteCountMin = 256
        return try BlobStore(directory: path, options: options, on: disk)
    }

    private func addRecords(to store: Store) async throws {
        let clients = store.collection("clients")
        for name in ["a", "b", "a", "c"] { _ = try await clients.put(["client_id": .string(name), "name": "n"]) }
        try await clients.delete("b")
        for text in ["up", "down"] { _ = try await store.collection("statuses").insert(["status": .string(text)]) }
    }

    private mutating func addModel(to store: Store, _ blobs: BlobStore) async throws {
        let blob = try await blobs.claim(try await Self.upload(1000, to: blobs))
        blobPath = "\(Self.path)/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        let model: JSONObject = ["blob_id": .string(blob.blobID), "name": "mlp", "session_id": "s1"]
        modelID = try await store.collection("models").insert(model).id
    }

    private mutating func addUploads(to blobs: BlobStore) async throws {
        completeID = try await Self.upload(300, to: blobs)
        unfinishedID = try await blobs.begin(fileName: "seed.npz", byteCount: 600).id
        try await Self.send(Self.unfinishedContent[..<300], chunk: 0, of: unfinishedID, to: blobs)
    }

    private static func upload(_ byteCount: Int, to blobs: BlobStore) async throws -> String {
        let id = try await blobs.begin(fileName: "seed.npz", byteCount: Int64(byteCount)).id
        try await send(content(byteCount)[...], chunk: 0, of: id, to: blobs)
        return try await blobs.upload(id).complete().token
    }

    static func send(_ bytes: ArraySlice<UInt8>, chunk index: Int, of id: String, to blobs: BlobStore) async throws {
        let receiver = try await blobs.upload(id).receive(chunk: index)
        var rest = bytes
        while !rest.isEmpty {
            let taken = try rest.withUnsafeBytes { try receiver.fill($0) }
            rest = rest.dropFirst(taken)
            if receiver.isFull { try await receiver.flush() }
        }
        _ = try await receiver.finish()
    }

    /// Half of it is compressible, so that there are both kinds of frames.
    private static func content(_ byteCount: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 7)
        return (0..<byteCount).map { $0 % 512 < 256 ? UInt8($0 % 4) : UInt8.random(in: 0...255, using: &generator) }
    }
}
