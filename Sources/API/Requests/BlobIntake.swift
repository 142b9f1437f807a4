internal import Blobs
internal import NIOCore

/// A file that arrives in one request, put into the store as an upload of as many chunks as it needs.
final class BlobIntake {
    private let blobs: BlobStore
    private let id: String
    private var chunk: ChunkReceiver?
    private var chunkIndex = 0
    /// How many bytes the current chunk still takes.
    private var room = 0

    /// Begins an upload of exactly `byteCount` bytes.
    ///
    /// - Throws: as `BlobStore.begin` does.
    init(fileName: String, byteCount: Int64, blobs: BlobStore) async throws(UploadError) {
        self.blobs = blobs
        id = try await blobs.begin(
            fileName: fileName,
            byteCount: byteCount,
            chunkByteCount: blobs.options.chunkByteCountMax
        ).id
    }

    func take(_ bytes: ByteBuffer) async throws(UploadError) {
        var rest = bytes
        while rest.readableBytes > 0 {
            if room == 0 { try await beginChunk() }
            guard let part = rest.readSlice(length: min(room, rest.readableBytes)) else { return }
            try await chunk?.take(part)
            room -= part.readableBytes
        }
    }

    /// Returns when the file is on stable storage.
    func finish() async throws(UploadError) -> CompletedUpload {
        try await endChunk()
        return try await blobs.complete(id)
    }

    /// Forgets the file.
    func abort() async {
        await chunk?.cancel()
        // An upload that cannot be removed now expires later.
        do { try await blobs.abort(id) } catch {}
    }

    private func beginChunk() async throws(UploadError) {
        try await endChunk()
        chunk = try await blobs.receive(id, chunk: chunkIndex)
        room = blobs.options.chunkByteCountMax
    }

    private func endChunk() async throws(UploadError) {
        guard let chunk else { return }
        _ = try await chunk.finish()
        self.chunk = nil
        chunkIndex += 1
    }
}
