internal import Blobs

/// A file that is made here, put into the store as an upload of as many chunks as it needs.
///
/// Used by one task at a time.
final class Intake {
    /// The upload's id; once it is complete, its token.
    let id: String
    private let blobs: BlobStore
    private var chunk: ChunkReceiver?
    private var chunkIndex = 0
    /// How many bytes the current chunk still takes.
    private var room = 0

    /// Begins an upload of exactly so many bytes.
    init(_ fileName: String, byteCount: Int64, _ blobs: BlobStore) async throws(AveragingError) {
        self.blobs = blobs
        do {
            let ticket = try await blobs.begin(
                fileName: fileName,
                byteCount: byteCount,
                chunkByteCount: blobs.options.chunkByteCountMax
            )
            id = ticket.id
        } catch {
            throw .upload(error)
        }
    }

    func take(_ bytes: [UInt8]) async throws(AveragingError) {
        do {
            var rest = bytes[...]
            while !rest.isEmpty {
                if room == 0 { try await beginChunk() }
                guard let chunk else { preconditionFailure("a chunk has begun") }
                let count = try Self.fill(chunk, rest.prefix(room))
                rest = rest.dropFirst(count)
                room -= count
                if chunk.isFull { try await chunk.flush() }
            }
        } catch {
            throw .upload(error)
        }
    }

    /// Returns when the file is on stable storage.
    func finish() async throws(AveragingError) {
        do {
            try await endChunk()
            _ = try await blobs.complete(id)
        } catch {
            throw .upload(error)
        }
    }

    /// Forgets the file.
    func abort() async {
        await chunk?.cancel()
        // An upload that cannot be removed now expires later.
        do { try await blobs.abort(id) } catch {}
    }

    private static func fill(_ chunk: ChunkReceiver, _ bytes: ArraySlice<UInt8>) throws(UploadError) -> Int {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(UploadError) in try chunk.fill(bytes) }
        }
        return try result.get()
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
