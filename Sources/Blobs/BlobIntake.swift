/// Stores a file that comes in one piece, in one request or from the server itself, as an upload of as many chunks as
/// it needs.
///
/// Used by one task at a time.
package final class BlobIntake {
    private let blobs: BlobStore
    private let upload: Upload
    private var chunk: ChunkReceiver?
    private var chunkIndex = 0
    /// How many bytes the current chunk still takes.
    private var room = 0
    private var takenByteCount: Int64 = 0

    /// Begins an upload of exactly `byteCount` bytes; nil for a file whose length shows only at its end.
    ///
    /// - Throws: As `BlobStore.begin` does.
    package init(fileName: String, byteCount: Int64?, blobs: BlobStore) async throws(UploadError) {
        self.blobs = blobs
        upload = try await blobs.begin(
            fileName: fileName,
            byteCount: byteCount,
            chunkByteCount: blobs.options.chunkByteCountMax
        )
    }

    /// The upload's id; once it is complete, its token.
    package var id: String { upload.id }

    /// Takes the next bytes.
    ///
    /// - Throws: As ``ChunkReceiver/take(_:)``; `.fileTooLarge`, `.tooManyUnfinishedBytes`.
    package func take<Bytes: Collection<UInt8> & Sendable>(_ bytes: Bytes) async throws(UploadError)
    where Bytes.SubSequence: Sendable {
        var rest = bytes[...]
        while !rest.isEmpty {
            if room == 0 { try await beginChunk() }
            let part = rest.prefix(room)
            try await chunk?.take(part)
            room -= part.count
            takenByteCount += Int64(part.count)
            rest = rest.dropFirst(part.count)
        }
    }

    /// Completes the upload: the file is on stable storage when this returns.
    package func finish() async throws(UploadError) -> CompletedUpload {
        try await endChunk()
        return try await upload.complete(at: takenByteCount)
    }

    /// Removes the upload.
    package func abort() async {
        await chunk?.cancel()
        // An upload that cannot be removed now expires later.
        do { try await blobs.abort(id) } catch {}
    }

    private func beginChunk() async throws(UploadError) {
        try await endChunk()
        if upload.chunkCount == nil { try blobs.count(takenByteCount, of: upload) }
        chunk = try await upload.receive(chunk: chunkIndex)
        room = blobs.options.chunkByteCountMax
    }

    private func endChunk() async throws(UploadError) {
        guard let chunk else { return }
        _ = try await chunk.finish()
        self.chunk = nil
        chunkIndex += 1
    }
}
