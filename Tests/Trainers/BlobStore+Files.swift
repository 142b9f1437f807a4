package import Blobs

/// Whole files in memory.
extension BlobStore {
    /// Stores a file and returns its token.
    package func upload(_ fileName: String, _ bytes: [UInt8]) async throws(UploadError) -> CompletedUpload {
        let intake = try await BlobIntake(fileName: fileName, byteCount: Int64(bytes.count), blobs: self)
        try await intake.take(bytes)
        return try await intake.finish()
    }

    /// Returns a stored file.
    package func content(of blobID: String) async throws -> [UInt8] {
        let reader = try await open(blobID)
        var content: [UInt8] = []
        for frame in 0..<reader.frameCount { content += try reader.frame(frame) }
        return content
    }
}
