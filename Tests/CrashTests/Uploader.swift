import Blobs
import TestSupport

/// A client that uploads files in chunks and records them in the ledger.
///
/// A step that fails while the process continues is not repeated, and all steps that depend on it are skipped.
struct Uploader {
    let store: BlobStore
    private let disk: FaultDisk
    private let ledger: UploadWorkload.Uploads

    init(_ store: BlobStore, _ disk: FaultDisk, _ ledger: UploadWorkload.Uploads) {
        self.store = store
        self.disk = disk
        self.ledger = ledger
    }

    func begin(_ plan: UploadPlan) async throws {
        try await surviving { () throws(UploadError) in
            let ticket = try await store.begin(fileName: plan.name, byteCount: Int64(plan.byteCount))
            ledger.enter { $0.begin(plan, ticket.id) }
        }
    }

    /// Sends one chunk, possibly again.
    func send(_ plan: UploadPlan, chunk index: Int) async throws {
        guard let upload = ledger.entries.uploads[plan.name] else { return }
        try await surviving { () throws(UploadError) in
            let receipt = try await Self.send(plan, chunk: index, to: store, upload.id)
            ledger.enter { $0.change(plan) { $0.receivedByteCount = Int(receipt.receivedByteCount) } }
            let durable = try await store.upload(upload.id).status.durableByteCount
            ledger.enter { $0.change(plan) { $0.durableByteCount = Int(durable) } }
        }
    }

    /// Sends the chunks that the store reports as missing.
    func sendRest(of plan: UploadPlan) async throws {
        guard let upload = ledger.entries.uploads[plan.name] else { return }
        try await surviving { () throws(UploadError) in
            let next = try await store.upload(upload.id).status.nextChunkIndex
            for index in next..<max(next, plan.chunkByteCounts.count) {
                let receipt = try await Self.send(plan, chunk: index, to: store, upload.id)
                ledger.enter { $0.change(plan) { $0.receivedByteCount = Int(receipt.receivedByteCount) } }
            }
        }
    }

    /// Loses the connection in the middle of a chunk.
    func breakOff(_ plan: UploadPlan, chunk index: Int) async throws {
        guard let upload = ledger.entries.uploads[plan.name] else { return }
        try await surviving { () throws(UploadError) in
            let receiver = try await store.upload(upload.id).receive(chunk: index)
            try await Self.fill(receiver, plan.chunk(index).dropLast(10))
            await receiver.cancel()
        }
    }

    /// Records that the store was closed, which makes all received bytes durable unless the disk failed.
    func noteEverythingDurable() {
        guard !disk.hasFaultFired else { return }
        for upload in ledger.entries.uploads.values {
            ledger.enter { $0.change(upload.plan) { $0.durableByteCount = $0.receivedByteCount } }
        }
    }

    func complete(_ plan: UploadPlan) async throws {
        try await step(plan, \.completed) { store, id throws(UploadError) in _ = try await store.upload(id).complete() }
    }

    func claim(_ plan: UploadPlan) async throws {
        try await step(plan, \.claimed) { store, id throws(UploadError) in _ = try await store.claim(id) }
    }

    func abort(_ plan: UploadPlan) async throws {
        try await step(plan, \.removed) { store, id throws(UploadError) in try await store.abort(id) }
    }

    func remove(_ plan: UploadPlan) async throws {
        guard let upload = ledger.entries.uploads[plan.name], upload.claimed == .acknowledged else { return }
        ledger.enter { $0.change(plan) { $0.removed = .attempted } }
        do {
            try await store.remove(upload.id)
            ledger.enter { $0.change(plan) { $0.removed = .acknowledged } }
        } catch {
            if disk.isDead { throw error }
        }
    }

    private func step(
        _ plan: UploadPlan,
        _ step: WritableKeyPath<UploadLedger.Upload, UploadLedger.Step>,
        _ body: (BlobStore, String) async throws(UploadError) -> Void
    ) async throws {
        guard let upload = ledger.entries.uploads[plan.name] else { return }
        ledger.enter { $0.change(plan) { $0[keyPath: step] = .attempted } }
        try await surviving { () throws(UploadError) in
            try await body(store, upload.id)
            ledger.enter { $0.change(plan) { $0[keyPath: step] = .acknowledged } }
        }
    }

    /// Continues after an error, unless the process has crashed.
    private func surviving(_ body: () async throws(UploadError) -> Void) async throws {
        do throws(UploadError) {
            try await body()
        } catch {
            if disk.isDead { throw error }
        }
    }
}

extension Uploader {
    /// Sends one chunk of a plan.
    static func send(
        _ plan: UploadPlan,
        chunk index: Int,
        to store: BlobStore,
        _ id: String
    ) async throws(UploadError) -> ChunkReceipt {
        let receiver = try await store.upload(id).receive(chunk: index)
        try await fill(receiver, plan.chunk(index))
        return try await receiver.finish()
    }

    private static func fill(_ receiver: ChunkReceiver, _ bytes: ArraySlice<UInt8>) async throws(UploadError) {
        var rest = bytes
        while !rest.isEmpty {
            let result = rest.withUnsafeBytes { buffer in
                Result { () throws(UploadError) in try receiver.fill(buffer) }
            }
            rest = rest.dropFirst(try result.get())
            if receiver.isFull { try await receiver.flush() }
        }
    }

    /// The bytes of a stored file.
    static func content(of id: String, in store: BlobStore) async throws -> [UInt8] {
        let reader = try await store.open(id)
        var content: [UInt8] = []
        for index in 0..<reader.frameCount { content += try reader.frame(index) }
        return content
    }
}
