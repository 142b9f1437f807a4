internal import JSON
internal import NIOConcurrencyHelpers

/// What is answered to a chunk that counts.
package struct ChunkReceipt: Sendable, Hashable {
    package let index: Int
    package let byteCount: Int
    /// Of the whole upload, this chunk included.
    package let receivedByteCount: Int64
}

/// What the sender says its chunk's bytes are.
package enum ChunkChecksum: Sendable, Hashable {
    /// 32 lower-case hex digits.
    case xxh3_128(String)
    /// 64 lower-case hex digits.
    case sha256(String)
}

/// Takes the bytes of one chunk as they come.
///
///     var rest = …                                 // what the socket gave
///     while !rest.isEmpty {
///         rest = rest[try receiver.fill(rest)...]
///         if receiver.isFull { try await receiver.flush() }
///     }
///     let receipt = try await receiver.finish()
///
/// Until ``finish()`` has returned the chunk does not count: after ``cancel()``, a crash, or when this object is simply
/// let go, the upload stands where it stood before. Used by one task at a time.
package final class ChunkReceiver: @unchecked Sendable {
    private let upload: Upload
    private let pipeline: UploadPipeline
    private let pool: FramePool
    private let isRepeat: Bool
    private let expected: ChunkChecksum?
    private let digest = XXH3Digest()
    private var sha256: RunningSHA256?
    private var buffer: FrameBuffer
    private var hasEnded = false

    init(
        _ upload: Upload,
        _ pipeline: UploadPipeline,
        pool: FramePool,
        isRepeat: Bool,
        expecting expected: ChunkChecksum?
    ) {
        self.upload = upload
        self.pipeline = pipeline
        self.pool = pool
        self.isRepeat = isRepeat
        self.expected = expected
        if case .sha256 = expected { sha256 = RunningSHA256() }
        buffer = pool.takeBuffer()
    }

    deinit {
        if !hasEnded { upload.cancelChunk(pipeline, isRepeat: isRepeat) {} }
        pool.giveBack(buffer)
    }

    /// Whether no byte fits before the next ``flush()``.
    package var isFull: Bool { buffer.isFull }

    /// Copies what fits into the current frame and returns how many bytes it took; no I/O, never waits.
    ///
    /// - Throws: `.chunkTooLarge`, `.tooManyBytes`, `.outOfOrder` (a repeated chunk that is longer), or what happened to
    ///   the upload meanwhile. Then only ``cancel()`` is left.
    package func fill(_ bytes: UnsafeRawBufferPointer) throws(UploadError) -> Int {
        precondition(!hasEnded, "the chunk has ended")
        let count = min(bytes.count, buffer.content.count - buffer.contentByteCount)
        if let error = upload.rules.withLockedValue({ $0.add(count) }) { throw error }
        return buffer.fill(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }

    /// Hands the current frame to the pipeline; waits while too many are in flight.
    ///
    /// - Throws: `.noSpace` or `.disk` where an earlier frame could not be written; the chunk is cancelled then.
    package func flush() async throws(UploadError) {
        precondition(!hasEnded, "the chunk has ended")
        guard buffer.contentByteCount > 0 else { return }
        digest.update(buffer.contentBytes)
        sha256?.update(buffer.contentBytes)
        guard !isRepeat else {
            buffer.contentByteCount = 0
            return
        }
        await pool.takePlace()
        let full = buffer
        buffer = pool.takeBuffer()
        pipeline.submit(full)
        if pipeline.isFailing { throw await fail() }
    }

    /// Ends the chunk: it counts, and survives a crash of the process, when this returns.
    ///
    /// - Throws: why it never counted; it is cancelled then. `.checksumMismatch`, `.outOfOrder` (a repeat with other
    ///   bytes), `.noSpace`, `.disk`, or what happened to the upload meanwhile.
    package func finish() async throws(UploadError) -> ChunkReceipt {
        try await flush()
        guard isExpected else {
            await cancel()
            throw .checksumMismatch
        }
        hasEnded = true
        return try await upload.finishChunk(pipeline, digest: digest.hex, isRepeat: isRepeat)
    }

    /// The chunk never counted, as when its connection is lost; returns when another one may come.
    package func cancel() async {
        guard !hasEnded else { return }
        hasEnded = true
        await withCheckedContinuation { continuation in
            upload.cancelChunk(pipeline, isRepeat: isRepeat) { continuation.resume() }
        }
    }

    /// Ends the chunk because a write has failed, and returns the reason.
    private func fail() async -> UploadError {
        hasEnded = true
        do {
            _ = try await upload.finishChunk(pipeline, digest: digest.hex, isRepeat: false)
        } catch {
            return error
        }
        preconditionFailure("a chunk with a failed write cannot count")
    }

    private var isExpected: Bool {
        switch expected {
        case nil: true
        case .xxh3_128(let hex): hex == digest.hex
        case .sha256(let hex): hex == sha256?.hex
        }
    }
}
