package import JSON

/// What a client needs to send its chunks.
package struct UploadTicket: Sendable, Hashable {
    package let id: String
    /// The announced length of every chunk but the last; other lengths are accepted too.
    package let chunkByteCount: Int
    package let chunkCount: Int
}

/// Where an upload stands.
package struct UploadStatus: Sendable, Hashable {
    package let id: String
    package let fileName: String
    /// The declared size.
    package let byteCount: Int64
    /// Bytes of all chunks that count, which survive a crash of the process.
    package let receivedByteCount: Int64
    /// Bytes of the chunks that survive a power cut; never more than were received.
    package let durableByteCount: Int64
    package let nextChunkIndex: Int
    package let chunkByteCount: Int
    package let isComplete: Bool
    package let createdAt: Timestamp
    /// When ``BlobStore/expireUploads()`` removes it unless something happens before.
    package let expiresAt: Timestamp
}

/// What `complete` answers; the same each time it is asked.
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

/// What a stored file is.
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
