internal import Concurrency
internal import JSON

/// The result of a chunk that counts.
package struct ChunkReceipt: Sendable, Hashable {
    package let index: Int
    package let byteCount: Int
    /// Of the whole upload, this chunk included.
    package let receivedByteCount: Int64
}

/// The checksum that the sender announced for a chunk.
package enum ChunkChecksum: Sendable, Hashable {
    /// 32 lower-case hex digits.
    case xxh3_128(String)
    /// 64 lower-case hex digits.
    case sha256(String)
}

/// Receives the bytes of one chunk.
///
///     try await receiver.take(bytes)               // for each buffer from the socket
///     let receipt = try await receiver.finish()
///
/// The chunk counts when ``finish()`` has returned. After ``cancel()``, a crash, or when this object is deallocated before,
/// the upload is in the state before the chunk. Used by one task at a time.
package final class ChunkReceiver: @unchecked Sendable {
    private let upload: Upload
    private let pipeline: UploadPipeline
    private let pool: FramePool
    private let arrival: UploadState.Arrival
    private let expected: ChunkChecksum?
    private let digest = XXH3Digest()
    private var sha256: RunningSHA256?
    private var buffer: FrameBuffer
    private var hasEnded = false

    init(
        _ upload: Upload,
        _ pipeline: UploadPipeline,
        pool: FramePool,
        _ arrival: UploadState.Arrival,
        expecting expected: ChunkChecksum?
    ) {
        self.upload = upload
        self.pipeline = pipeline
        self.pool = pool
        self.arrival = arrival
        self.expected = expected
        if case .sha256 = expected { sha256 = RunningSHA256() }
        buffer = pool.takeBuffer()
    }

    deinit {
        if !hasEnded { upload.cancelChunk(arrival.number, in: pipeline) {} }
        pool.recycle(buffer)
    }

    /// Takes all of some bytes; waits while too many frames are being compressed.
    ///
    /// - Throws: As ``fill(_:)`` and ``flush()`` do.
    package func take<Bytes: Collection<UInt8> & Sendable>(_ bytes: Bytes) async throws(UploadError)
    where Bytes.SubSequence: Sendable {
        var rest = bytes[...]
        while !rest.isEmpty {
            let taken = rest.withContiguousStorageIfAvailable { fillResult(UnsafeRawBufferPointer($0)) }
            let count = try (taken ?? Array(rest).withUnsafeBytes { fillResult($0) }).get()
            rest = rest.dropFirst(count)
            if isFull { try await flush() }
        }
    }

    private func fillResult(_ bytes: UnsafeRawBufferPointer) -> Result<Int, UploadError> {
        Result { () throws(UploadError) in try fill(bytes) }
    }

    /// Whether ``flush()`` must come before more bytes.
    package var isFull: Bool { buffer.isFull }

    /// Copies what fits into the current frame and returns how many bytes it took; no I/O, never waits.
    ///
    /// - Throws: `.chunkTooLarge`, `.tooManyBytes`, `.outOfOrder` (a repeated chunk that is longer), `.superseded` if a
    ///   newer request sends the chunk, or why the upload cannot be used any more. Then only ``cancel()`` is left.
    package func fill(_ bytes: UnsafeRawBufferPointer) throws(UploadError) -> Int {
        precondition(!hasEnded, "the chunk has ended")
        let count = min(bytes.count, buffer.content.count - buffer.contentByteCount)
        try upload.add(count, to: arrival.number)
        return buffer.fill(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }

    /// Submits the current frame to the pipeline; waits while too many are in flight.
    ///
    /// - Throws: `.storage` if an earlier frame could not be written; the chunk is cancelled then. `.superseded`.
    package func flush() async throws(UploadError) {
        precondition(!hasEnded, "the chunk has ended")
        guard buffer.contentByteCount > 0 else { return }
        digest.update(buffer.contentBytes)
        sha256?.update(buffer.contentBytes)
        guard !arrival.isRepeat else {
            buffer.contentByteCount = 0
            return
        }
        await pool.places.acquire()
        let full = buffer
        buffer = pool.takeBuffer()
        do throws(UploadError) { try upload.submit(full, of: arrival.number, to: pipeline) } catch {
            pool.recycle(full)
            pool.places.release()
            throw error
        }
        guard pipeline.isFailing else { return }
        hasEnded = true
        _ = try await upload.finishChunk(arrival.number, in: pipeline, digest: digest.hex)
        preconditionFailure("a chunk with a failed write cannot count")
    }

    /// Ends the chunk: it counts, and survives a crash of the process, when this returns.
    ///
    /// - Throws: Why it does not count; it is cancelled then. `.checksumMismatch`, `.outOfOrder` (a repeated chunk with
    ///   other bytes), `.superseded`, `.storage`, or why the upload cannot be used any more.
    package func finish() async throws(UploadError) -> ChunkReceipt {
        try await flush()
        guard isExpected else {
            await cancel()
            throw .checksumMismatch
        }
        hasEnded = true
        return try await upload.finishChunk(arrival.number, in: pipeline, digest: digest.hex)
    }

    /// Discards the chunk, for example after its connection was lost; returns when the next one may arrive.
    package func cancel() async {
        guard !hasEnded else { return }
        hasEnded = true
        await withCheckedContinuation { continuation in
            upload.cancelChunk(arrival.number, in: pipeline) { continuation.resume() }
        }
    }

    private var isExpected: Bool {
        switch expected {
        case nil: true
        case .xxh3_128(let hex): hex == digest.hex
        case .sha256(let hex): hex == sha256?.hex
        }
    }
}
