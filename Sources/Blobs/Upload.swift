internal import Concurrency
internal import Disk
internal import Dispatch
internal import JSON
internal import NIOConcurrencyHelpers

/// One upload while the process lives: the rules, and the files that obey them.
///
/// Whatever touches files happens on `queue`, one thing at a time, so completing, claiming and removing never meet.
/// What is here can be rebuilt from the upload's directory at any moment: see ``UploadRecovery``.
final class Upload: Sendable {
    let header: UploadJournal.Header
    let rules: NIOLockedValueBox<UploadState>
    let queue: DispatchQueue
    let shop: BlobWorkshop
    /// Nil once no chunk can come any more.
    private let pipeline: NIOLockedValueBox<UploadPipeline?>
    private let completed: NIOLockedValueBox<CompletedUpload?>
    private let lastActivity: NIOLockedValueBox<Timestamp>

    var id: BlobID { header.id }

    /// An upload that waits for its next chunk.
    init(_ header: UploadJournal.Header, from start: UploadRecovery.Start, shop: BlobWorkshop) {
        self.header = header
        self.shop = shop
        queue = DispatchQueue(label: "ledge.blobs.upload")
        let options = shop.options
        let limits = UploadState.Limits(
            chunkByteCountMax: options.chunkByteCountMax,
            chunkCountMax: options.chunkCountMax
        )
        rules = NIOLockedValueBox(
            UploadState(
                byteCount: header.byteCount,
                limits: limits,
                receivedByteCount: start.receivedByteCount,
                lastChunk: start.lastChunk
            )
        )
        pipeline = NIOLockedValueBox(
            UploadPipeline(header.id, from: start, rules: rules, queue: queue, shop: shop)
        )
        completed = NIOLockedValueBox(nil)
        lastActivity = NIOLockedValueBox(start.lastActivity)
    }

    /// An upload that waits to be claimed.
    init(_ header: UploadJournal.Header, completedAs blob: BlobDescription, chunkCount: Int, shop: BlobWorkshop) {
        self.header = header
        self.shop = shop
        queue = DispatchQueue(label: "ledge.blobs.upload")
        rules = NIOLockedValueBox(UploadState(completed: blob.byteCount, chunkCount: chunkCount))
        pipeline = NIOLockedValueBox(nil)
        completed = NIOLockedValueBox(CompletedUpload(blob))
        lastActivity = NIOLockedValueBox(blob.createdAt)
    }

    var status: UploadStatus {
        let rules = rules.withLockedValue { $0 }
        let isComplete = rules.phase == .complete
        let durableByteCount = pipeline.withLockedValue { $0?.durableByteCount ?? 0 }
        return UploadStatus(
            id: id.text,
            fileName: header.fileName,
            byteCount: header.byteCount,
            receivedByteCount: rules.receivedByteCount,
            durableByteCount: isComplete ? header.byteCount : durableByteCount,
            nextChunkIndex: rules.nextChunkIndex,
            chunkByteCount: header.chunkByteCount,
            isComplete: isComplete,
            createdAt: header.createdAt,
            expiresAt: lastActivity.withLockedValue { $0 }.advanced(by: shop.options.uploadLifetime)
        )
    }

    /// Whether it was claimed, aborted or expired.
    var hasLeft: Bool { rules.withLockedValue { $0.phase == .gone } }

    private func latch(_ error: StorageError) {
        shop.latch(rules, of: id, because: error)
    }

    private func touch() {
        let now = shop.options.clock()
        lastActivity.withLockedValue { $0 = max($0, now) }
    }
}

/// Chunks.
extension Upload {
    func receive(chunk index: Int, expecting checksum: ChunkChecksum?) async throws(UploadError) -> ChunkReceiver {
        try shop.admit()
        let admission = rules.withLockedValue { $0.receive(chunk: index) }
        if case .reject(let error) = admission { throw error }
        guard let pipeline = pipeline.withLockedValue({ $0 }) else { throw .unknownUpload }
        touch()
        await pipeline.waitForRoom()
        return ChunkReceiver(
            self,
            pipeline,
            pool: shop.pool,
            isRepeat: admission == .repeat,
            expecting: checksum
        )
    }

    /// All bytes of the arriving chunk are submitted: lets it count, or throws why it does not.
    func finishChunk(
        _ pipeline: UploadPipeline,
        digest: String,
        isRepeat: Bool
    ) async throws(UploadError) -> ChunkReceipt {
        touch()
        let chunk = isRepeat ? try compare(digest) : try await pipeline.commit(digest: digest)
        return ChunkReceipt(
            index: chunk.index,
            byteCount: chunk.byteCount,
            receivedByteCount: rules.withLockedValue { $0.receivedByteCount }
        )
    }

    /// The arriving chunk never counted; calls `done` when another one may come.
    func cancelChunk(_ pipeline: UploadPipeline, isRepeat: Bool, _ done: @escaping @Sendable () -> Void) {
        guard !isRepeat else {
            rules.withLockedValue { $0.cancel() }
            return done()
        }
        pipeline.rollBack(done)
    }

    private func compare(_ digest: String) throws(UploadError) -> UploadState.Chunk {
        let (chunk, objection) = rules.withLockedValue { rules -> (UploadState.Chunk?, UploadError?) in
            if let objection = rules.objection(toDigest: digest) {
                rules.cancel()
                return (nil, objection)
            }
            return (rules.commit(digest: digest), nil)
        }
        guard let chunk else { throw objection ?? .unknownUpload }
        return chunk
    }
}

/// Completing and leaving.
extension Upload {
    /// Turns the chunks into one durable file; asked again it answers the same.
    ///
    /// A crash before the rename is durable leaves an upload that can be completed again; after it, a complete one.
    func complete() async throws(UploadError) -> CompletedUpload {
        try await queue.run { () throws(UploadError) in try self.completeOnQueue() }
    }

    private func completeOnQueue() throws(UploadError) -> CompletedUpload {
        switch rules.withLockedValue({ $0.complete() }) {
        case .reject(let error): throw error
        case .done: break
        case .run:
            touch()
            do throws(UploadError) {
                let answer = CompletedUpload(try shop.writing(seal()))
                completed.withLockedValue { $0 = answer }
                rules.withLockedValue { $0.endCompleting(true) }
                pipeline.withLockedValue { $0 = nil }
            } catch {
                rules.withLockedValue { $0.endCompleting(false) }
                throw error
            }
        }
        guard let answer = completed.withLockedValue({ $0 }) else { throw .unknownUpload }
        return answer
    }

    private func seal() throws(UploadError) -> BlobDescription {
        guard let pipeline = pipeline.withLockedValue({ $0 }) else { throw .unknownUpload }
        let tail = try UploadError.wrap(pipeline.seal(fileName: header.fileName))
        do throws(StorageError) {
            try shop.disk.rename(shop.paths.data(of: id), to: shop.paths.complete(id))
            try shop.disk.synchronizeDirectory(shop.paths.upload(id))
        } catch {
            // Under which name the file would be found after a power cut is now in doubt.
            latch(error)
            throw .storage(error)
        }
        return tail.description
    }

    /// Moves the complete file to its place among the blobs, where it is durable when this returns; uses the token up.
    func claim() async throws(UploadError) -> BlobDescription {
        try await queue.run { () throws(UploadError) in
            switch self.rules.withLockedValue({ $0.phase }) {
            case .complete: break
            case .latched(let latch): throw .storage(.latched(latch))
            case .receiving, .completing, .gone: throw .unknownToken
            }
            let departure = UploadDeparture(self.id, shop: self.shop)
            let description: BlobDescription
            do throws(StorageError) { description = try departure.description() } catch { throw .of(error) }
            try self.shop.admit()
            do throws(StorageError) {
                try departure.moveToBlobs()
            } catch {
                if error.isSync { self.latch(error) }
                throw .storage(error)
            }
            _ = self.rules.withLockedValue { $0.leave() }
            return description
        }
    }

    /// Removes everything of the upload.
    func abort() async throws(UploadError) {
        try await queue.run { () throws(UploadError) in
            guard self.rules.withLockedValue({ $0.leave() }) else { throw .unknownUpload }
            self.pipeline.withLockedValue { $0 = nil }
            try UploadError.wrap(UploadDeparture(self.id, shop: self.shop).remove())
        }
    }

    /// Removes the upload where nothing has happened for its lifetime; returns whether it did.
    func expire() async throws(UploadError) -> Bool {
        try await queue.run { () throws(UploadError) in
            let isIdle = self.rules.withLockedValue { $0.arrival == nil }
            guard isIdle, self.status.expiresAt <= self.shop.options.clock() else { return false }
            guard self.rules.withLockedValue({ $0.leave() }) else { return false }
            self.pipeline.withLockedValue { $0 = nil }
            try UploadError.wrap(UploadDeparture(self.id, shop: self.shop).remove())
            return true
        }
    }

    /// Makes durable what counts, and lets the files go.
    func close() async {
        await queue.run {
            let pipeline = self.pipeline.withLockedValue { pipeline in
                defer { pipeline = nil }
                return pipeline
            }
            pipeline?.finishSync()
        }
    }
}
