package import Blobs

/// Whole files in memory.
extension BlobStore {
    /// Stores a file and returns its token.
    package func upload(_ fileName: String, _ bytes: [UInt8]) async throws(UploadError) -> CompletedUpload {
        let id = try await begin(fileName: fileName, byteCount: Int64(bytes.count)).id
        var rest = bytes[...]
        var index = 0
        while !rest.isEmpty {
            let chunk = try await receive(id, chunk: index)
            var part = rest.prefix(options.chunkByteCountMax)
            rest = rest.dropFirst(part.count)
            while !part.isEmpty {
                let count = try Self.fill(chunk, part)
                part = part.dropFirst(count)
                if chunk.isFull { try await chunk.flush() }
            }
            _ = try await chunk.finish()
            index += 1
        }
        return try await complete(id)
    }

    private static func fill(_ chunk: ChunkReceiver, _ bytes: ArraySlice<UInt8>) throws(UploadError) -> Int {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(UploadError) in try chunk.fill(bytes) }
        }
        return try result.get()
    }

    /// Returns a stored file.
    package func content(of blobID: String) async throws(BlobError) -> [UInt8] {
        let reader = try await open(blobID)
        var content: [UInt8] = []
        for frame in 0..<reader.frameCount { content += try reader.frame(frame) }
        return content
    }
}
