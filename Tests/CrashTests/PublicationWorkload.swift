import Blobs
import JSON
import Store
import TestSupport

/// Publishes models as the API does: first the file, then the document that names it; removal is in reverse order.
enum PublicationWorkload {
    /// The acknowledged state of a model's document.
    struct Promise {
        let plan: UploadPlan
        var published = UploadLedger.Step.not
        var withdrawn = UploadLedger.Step.not
    }

    typealias Promises = Ledger<[String: Promise]>

    static let plans = ["one.npz", "two.npz"].map { UploadPlan(name: $0, chunkByteCounts: [2_500, 900]) }
    static let schema = CollectionSchema(name: "models", key: "model_id", indexes: [], isAppendOnly: false)

    static func makeLedger() -> Promises {
        Ledger(Dictionary(uniqueKeysWithValues: plans.map { ($0.name, Promise(plan: $0)) }))
    }

    static func open(_ disk: FaultDisk) throws -> (store: Store, blobs: BlobStore) {
        var options = Store.Options()
        options.segmentByteCountMax = 500
        let clock = { @Sendable in Timestamp(microseconds: 1_795_000_000_000_000) }
        let store = try Store.open(
            RecordWorkload.directory,
            schemas: [schema],
            options: options,
            on: disk,
            clock: clock
        )
        return (store, try UploadWorkload.open(disk))
    }

    static func run(_ disk: FaultDisk, _ promises: Promises) async throws {
        let (store, blobs) = try open(disk)
        let models = store.collection("models")
        for plan in plans {
            promises.enter { $0[plan.name]?.published = .attempted }
            let isPublished = try await surviving(disk) {
                let ticket = try await blobs.begin(fileName: plan.name, byteCount: Int64(plan.byteCount))
                for index in plan.chunkByteCounts.indices {
                    _ = try await Uploader.send(plan, chunk: index, to: blobs, ticket.id)
                }
                let blob = try await blobs.claim(try await blobs.upload(ticket.id).complete().token)
                _ = try await models.insert(["model_id": .string(plan.name), "blob_id": .string(blob.blobID)])
            }
            if isPublished { promises.enter { $0[plan.name]?.published = .acknowledged } }
        }
        let first = plans[0].name
        let isWithdrawn = try await surviving(disk) {
            guard let document = try models.get(first), let id = try blobID(in: document) else {
                throw Broken("there is nothing to withdraw")
            }
            promises.enter { $0[first]?.withdrawn = .attempted }
            try await models.delete(first)
            try await blobs.remove(id)
        }
        if isWithdrawn { promises.enter { $0[first]?.withdrawn = .acknowledged } }
        await blobs.close()
        try await store.close()
    }

    /// Returns whether `body` succeeded; continues after an error, unless the process has crashed.
    private static func surviving(_ disk: FaultDisk, _ body: () async throws -> Void) async throws -> Bool {
        do {
            try await body()
            return true
        } catch {
            if disk.isDead { throw error }
            return false
        }
    }

    private static func blobID(in document: Document) throws -> String? {
        try JSON(parsing: document.bytes).object?["blob_id"]?.string
    }

    /// Throws if a published model is missing, or a document names an incomplete file.
    static func verify(_ disk: FaultDisk, _ promises: Promises) async throws {
        let (store, blobs) = try open(disk)
        let models = store.collection("models")
        for (name, promise) in promises.entries {
            guard let document = try models.get(name) else {
                guard promise.published != .acknowledged || promise.withdrawn != .not else {
                    throw Broken("\(name): is lost although it was published")
                }
                continue
            }
            if promise.withdrawn == .acknowledged { throw Broken("\(name): exists although it was withdrawn") }
            guard let id = try blobID(in: document) else { throw Broken("\(name): names no file") }
            guard try await Uploader.content(of: id, in: blobs) == promise.plan.content else {
                throw Broken("\(name): names another file")
            }
        }
    }
}
