package import JSON

/// The progress of an upload.
package struct UploadStatus: Sendable, Hashable {
    package let id: String
    package let fileName: String
    /// The declared size; nil if none was declared and the upload is not complete.
    package let byteCount: Int64?
    /// Bytes of all chunks that count, which survive a crash of the process.
    package let receivedByteCount: Int64
    /// Bytes of the chunks that survive a power cut; at most the received ones.
    package let durableByteCount: Int64
    package let nextChunkIndex: Int
    package let chunkByteCount: Int
    package let isComplete: Bool
    package let createdAt: Timestamp
    /// When ``BlobStore/expireUploads()`` removes it if there is no activity before.
    package let expiresAt: Timestamp
}

/// The result of ``Upload/complete()``.
package struct CompletedUpload: Sendable, Hashable {
    /// Redeemed once by ``BlobStore/claim(_:)``; it is the upload's id, and will be the blob's.
    package let token: String
    package let fileName: String
    package let byteCount: Int64
    /// Bytes of the file on disk.
    package let storedByteCount: Int64
    /// Of the content, 64 lower-case hex digits.
    package let sha256: String
}

/// The properties of a stored file.
package struct BlobDescription: Sendable, Hashable {
    package let blobID: String
    package let fileName: String
    package let byteCount: Int64
    /// Bytes of the whole `.zst` file, metadata and seek table included.
    package let storedByteCount: Int64
    /// Of the content, 64 lower-case hex digits.
    package let sha256: String
    /// Of the content, 32 lower-case hex digits.
    package let xxh3_128: String
    /// When the upload was completed.
    package let createdAt: Timestamp
}

extension CompletedUpload {
    init(_ blob: BlobDescription) {
        token = blob.blobID
        fileName = blob.fileName
        byteCount = blob.byteCount
        storedByteCount = blob.storedByteCount
        sha256 = blob.sha256
    }
}
