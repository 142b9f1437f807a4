internal import Concurrency
internal import Disk
internal import Dispatch
internal import JSON
internal import NIOConcurrencyHelpers

/// One upload: its rules, and the files that follow them.
///
/// It alone changes the state of the upload, and latches it. Files are accessed on `queue`, one step at a time, so completing, claiming and removing exclude each other.
/// All of this can be rebuilt from the upload's directory at any moment: see ``UploadDirectory/recover()``.
package final class Upload: Sendable {
    private let header: UploadJournal.Header
    private let directory: UploadDirectory
    private let context: BlobContext
    private let queue = DispatchQueue(label: "ledge.blobs.upload")
    private let state: NIOLockedValueBox<UploadState>
    /// Nil if no chunk can arrive any more.
    private let pipeline = NIOLockedValueBox<UploadPipeline?>(nil)
    private let completed: NIOLockedValueBox<CompletedUpload?>
    private let lastActivity: NIOLockedValueBox<Timestamp>

    private init(
        _ header: UploadJournal.Header,
        _ state: UploadState,
        _ completed: CompletedUpload?,
        lastActivity: Timestamp,
        in directory: UploadDirectory
    ) {
        self.header = header
        self.directory = directory
        context = directory.context
        self.state = NIOLockedValueBox(state)
        self.completed = NIOLockedValueBox(completed)
        self.lastActivity = NIOLockedValueBox(lastActivity)
    }

    /// Makes an upload that waits for its next chunk.
    convenience init(
        _ header: UploadJournal.Header,
        from start: UploadDirectory.Start,
        in directory: UploadDirectory
    ) {
        let options = directory.context.options
        let state = UploadState(
            byteCount: header.byteCount,
            limits: UploadState.Limits(
                chunkByteCountMax: options.chunkByteCountMax,
                chunkCountMax: options.chunkCountMax,
                byteCountMax: options.fileByteCountMax
            ),
            receivedByteCount: start.receivedByteCount,
            lastChunk: start.lastChunk
        )
        self.init(header, state, nil, lastActivity: start.lastActivity, in: directory)
        let pipeline = UploadPipeline(header.id, from: start, on: queue, context) { [weak self] in self?.latch($0) }
        self.pipeline.withLockedValue { $0 = pipeline }
    }

    /// Makes an upload that waits to be claimed.
    convenience init(
        _ header: UploadJournal.Header,
        completedAs blob: BlobDescription,
        chunkCount: Int,
        in directory: UploadDirectory
    ) {
        let state = UploadState(completed: blob.byteCount, chunkCount: chunkCount)
        self.init(header, state, CompletedUpload(blob), lastActivity: blob.createdAt, in: directory)
    }

    /// The id of the upload; once it is complete, its token.
    package var id: String { blobID.text }

    var blobID: BlobID { header.id }

    /// The announced length of every chunk but the last; other lengths are accepted too.
    package var chunkByteCount: Int { header.chunkByteCount }

    /// How many chunks of that length the file has; nil if its length is not known.
    package var chunkCount: Int? { header.chunkCount }

    package var status: UploadStatus {
        let state = state.withLockedValue { $0 }
        let isComplete = state.phase == .complete
        let durableByteCount = pipeline.withLockedValue { $0?.durableByteCount ?? 0 }
        return UploadStatus(
            id: id,
            fileName: header.fileName,
            byteCount: header.byteCount ?? (isComplete ? state.receivedByteCount : nil),
            receivedByteCount: state.receivedByteCount,
            durableByteCount: isComplete ? state.receivedByteCount : durableByteCount,
            nextChunkIndex: state.nextChunkIndex,
            chunkByteCount: header.chunkByteCount,
            isComplete: isComplete,
            createdAt: header.createdAt,
            expiresAt: lastActivity.withLockedValue { $0 }.advanced(by: context.options.uploadLifetime)
        )
    }

    /// Whether the upload was claimed, aborted or expired.
    var isGone: Bool { state.withLockedValue { $0.phase == .gone } }

    /// Why the upload accepts nothing but removal; nil if it is not latched.
    var latch: Latch? {
        if case .latched(let latch) = state.withLockedValue({ $0.phase }) { latch } else { nil }
    }

    /// Latches the upload, because it is unknown what the failed call left on the disk.
    private func latch(_ error: StorageError) {
        guard let cause = error.failedCall else { preconditionFailure("only a failed call latches an upload") }
        let latch = Latch("upload \(id)", cause: cause, sinceMicroseconds: context.options.clock().microseconds)
        state.withLockedValue { $0.latch(latch) }
    }

    private func change<Value>(
        _ step: (inout UploadState) throws(UploadError) -> Value
    ) throws(UploadError) -> Value {
        try state.withLockedValue { state in Result { () throws(UploadError) in try step(&state) } }.get()
    }

    private func touch() {
        let now = context.options.clock()
        lastActivity.withLockedValue { $0 = max($0, now) }
    }
}

/// Chunks.
extension Upload {
    /// Admits a chunk, whose bytes then go to the receiver; it replaces an older request that sends the same chunk.
    ///
    /// - Throws: `.unknownUpload`, `.outOfOrder`, `.busy`, `.tooManyChunks`, `.alreadyComplete`, `.storage`.
    package func receive(
        chunk index: Int,
        expecting checksum: ChunkChecksum? = nil
    ) async throws(UploadError) -> ChunkReceiver {
        try UploadError.wrap(context.admit())
        let (arrival, pipeline) = try await admit(chunk: index)
        touch()
        await pipeline.waitForSync()
        return ChunkReceiver(self, pipeline, pool: context.pool, arrival, expecting: checksum)
    }

    private func admit(chunk index: Int) async throws(UploadError) -> (UploadState.Arrival, UploadPipeline) {
        while true {
            let arrival = try change { state throws(UploadError) in try state.receive(chunk: index) }
            guard let pipeline = pipeline.withLockedValue({ $0 }) else { throw .storage(.closed) }
            if let arrival { return (arrival, pipeline) }
            await withCheckedContinuation { continuation in
                pipeline.whenDrained {
                    if self.state.withLockedValue({ $0.arrival?.stage == .superseded }) {
                        self.rollBack(pipeline, after: nil)
                    }
                    continuation.resume()
                }
            }
        }
    }

    /// Counts bytes of the arriving chunk, or throws why they are refused.
    func add(_ count: Int, to number: Int) throws(UploadError) {
        try change { state throws(UploadError) in try state.add(count, to: number) }
    }

    /// Submits a frame of the arriving chunk.
    ///
    /// - Throws: `.superseded`. The check and the submission are one step: once a chunk is superseded, no frame of it
    ///   follows those that are rolled back.
    func submit(_ frame: FrameBuffer, of number: Int, to pipeline: UploadPipeline) throws(UploadError) {
        try change { state throws(UploadError) in
            try state.arriving(number)
            pipeline.submit(frame)
        }
    }

    /// Ends the arriving chunk, all of whose frames are submitted; it counts when this returns.
    ///
    /// - Throws: Why it does not count; it is discarded then.
    func finishChunk(
        _ number: Int,
        in pipeline: UploadPipeline,
        digest: String
    ) async throws(UploadError) -> ChunkReceipt {
        touch()
        try change { state throws(UploadError) in try state.end(number) }
        let result = await withCheckedContinuation { continuation in
            pipeline.whenDrained {
                let result = Result { () throws(UploadError) in try self.commit(number, digest, in: pipeline) }
                if case .failure(let error) = result { self.discard(number, in: pipeline, after: error.storageError) }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// Discards the arriving chunk, and calls `done` when the next one may arrive.
    func cancelChunk(_ number: Int, in pipeline: UploadPipeline, _ done: @escaping @Sendable () -> Void) {
        pipeline.whenDrained {
            self.discard(number, in: pipeline, after: nil)
            done()
        }
    }

    private func commit(
        _ number: Int,
        _ digest: String,
        in pipeline: UploadPipeline
    ) throws(UploadError) -> ChunkReceipt {
        dispatchPrecondition(condition: .onQueue(queue))
        let state = state.withLockedValue { $0 }
        let chunk = try state.chunk(number, withDigest: digest)
        if state.arrival?.isRepeat == false { try UploadError.wrap(context.writing(pipeline.commit(chunk))) }
        return self.state.withLockedValue { state in
            state.commit(chunk)
            return ChunkReceipt(
                index: chunk.index,
                byteCount: chunk.byteCount,
                receivedByteCount: state.receivedByteCount
            )
        }
    }

    /// Rolls the chunk of an arrival back, unless a newer request has done that already.
    private func discard(_ number: Int, in pipeline: UploadPipeline, after error: StorageError?) {
        guard state.withLockedValue({ $0.arrival?.number == number }) else { return }
        rollBack(pipeline, after: error)
    }

    /// Restores the files to the end of the last chunk; latches if that fails, or if `error` leaves them unknown.
    private func rollBack(_ pipeline: UploadPipeline, after error: StorageError?) {
        dispatchPrecondition(condition: .onQueue(queue))
        if let error, case .disk = error, !error.isNoSpace { latch(error) }
        do throws(StorageError) { try pipeline.rollBack() } catch { latch(error) }
        state.withLockedValue { $0.cancel() }
    }
}

/// The end of an upload.
extension Upload {
    /// Makes the chunks one file, which survives a power cut when this returns; repeated, it returns the same.
    ///
    /// After a crash before the rename is durable the upload can be completed again; after one later it is complete.
    ///
    /// `end` is the length of a file that did not declare it.
    ///
    /// - Throws: `.unknownUpload`, `.incomplete`, `.busy`, `.storage`.
    package func complete(at end: Int64? = nil) async throws(UploadError) -> CompletedUpload {
        try await queue.run { () throws(UploadError) in
            if try self.change({ state throws(UploadError) in try state.complete(at: end) }) {
                self.touch()
                do throws(StorageError) {
                    let completed = CompletedUpload(try self.context.writing(self.seal()))
                    self.completed.withLockedValue { $0 = completed }
                    self.state.withLockedValue { $0.endCompleting(true) }
                    self.pipeline.withLockedValue { $0 = nil }
                } catch {
                    self.state.withLockedValue { $0.endCompleting(false) }
                    throw .storage(error)
                }
            }
            guard let completed = self.completed.withLockedValue({ $0 }) else { throw .unknownUpload }
            return completed
        }
    }

    private func seal() throws(StorageError) -> BlobDescription {
        guard let pipeline = pipeline.withLockedValue({ $0 }) else { throw .closed }
        let tail: BlobTail
        do throws(StorageError) { tail = try pipeline.seal(fileName: header.fileName) } catch {
            rollBack(pipeline, after: error)
            throw error
        }
        do throws(StorageError) { try directory.finish() } catch {
            // The name of the file after a power cut is now unknown.
            latch(error)
            throw error
        }
        return tail.description
    }

    /// Opens the complete file, which stays an upload.
    func open() async throws(UploadError) -> BlobReader {
        try await queue.run { () throws(UploadError) in try self.completeFile() }
    }

    private func completeFile() throws(UploadError) -> BlobReader {
        try state.withLockedValue { $0 }.checkClaimable()
        let file: BlobReader?
        do throws(StorageError) { file = try directory.completeFile() } catch { throw .of(error) }
        guard let file else { throw .unknownUpload }
        return file
    }

    /// Moves the complete file to the blobs, durably, and removes the upload.
    func claim() async throws(UploadError) -> BlobDescription {
        try await queue.run { () throws(UploadError) in
            let blob = try self.completeFile().description
            try UploadError.wrap(self.context.admit())
            do throws(StorageError) { try self.directory.moveToBlobs() } catch {
                if error.isSync { self.latch(error) }
                throw .storage(error)
            }
            _ = self.state.withLockedValue { $0.leave() }
            return blob
        }
    }

    /// Removes the upload, complete or not, durably.
    func abort() async throws(UploadError) {
        try await queue.run { () throws(UploadError) in try self.remove() }
    }

    /// Removes the upload if its lifetime has passed since the last activity; returns whether it did.
    func expire() async throws(UploadError) -> Bool {
        try await queue.run { () throws(UploadError) in
            let isIdle = self.state.withLockedValue { $0.arrival == nil && $0.phase != .gone }
            guard isIdle, self.status.expiresAt <= self.context.options.expiryTime else { return false }
            try self.remove()
            return true
        }
    }

    private func remove() throws(UploadError) {
        dispatchPrecondition(condition: .onQueue(queue))
        guard state.withLockedValue({ $0.leave() }) else { throw .unknownUpload }
        pipeline.withLockedValue { $0 = nil }
        try UploadError.wrap(directory.remove())
    }

    /// Makes all committed chunks durable, and closes the files.
    func close() async {
        await queue.run {
            let pipeline = self.pipeline.withLockedValue { pipeline in
                defer { pipeline = nil }
                return pipeline
            }
            // A failure has latched the upload, and nothing was promised yet.
            do { try pipeline?.synchronize() } catch {}
        }
    }
}
