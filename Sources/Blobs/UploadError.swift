package import Disk

/// Why an upload or a stored file, or one step with it, was refused or failed.
///
/// The cases carry values; the sentences for client and log are made at the edge.
package enum UploadError: StorageErrorWrapper, Sendable, Hashable {
    // Naming: nothing has this id. Malformed ids are unknown too: an id is never a path before it is checked.
    case unknownUpload
    /// No complete, unclaimed upload has this token: it never existed, expired, was aborted or is used up.
    case unknownToken
    /// There is no stored file of this id.
    case unknownBlob

    // Beginning.
    case invalidByteCount(Int64)
    /// The name is empty or longer than 1,024 bytes of UTF-8.
    case invalidFileName
    case fileTooLarge(byteCount: Int64, byteCountMax: Int64)
    case tooManyUploads(countMax: Int)
    case tooManyUploadsOfOwner(countMax: Int)
    /// Together with this one the unfinished uploads would have declared more than is allowed.
    case tooManyUnfinishedBytes(byteCountMax: Int64)

    // Receiving. The number of chunks is bounded when an upload begins and again as they come.
    case tooManyChunks(count: Int, countMax: Int)
    /// Another chunk of this upload is arriving, or the upload is being completed.
    case busy
    /// The index is not the next one, or it is the last one again with other bytes.
    case outOfOrder(expected: Int, received: Int)
    case chunkTooLarge(byteCountMax: Int)
    /// The chunk goes past the size the upload declared.
    case tooManyBytes(byteCountMax: Int64)
    /// The bytes that arrived are not those the sender announced; the chunk never counted.
    case checksumMismatch
    case alreadyComplete

    // Completing.
    case incomplete(received: Int64, expected: Int64)

    /// The disk failed, the stored bytes are damaged, or the store was closed.
    case storage(StorageError)
}

extension UploadError {
    /// What failed on the disk; nil for a request that was refused.
    package var storageError: StorageError? {
        if case .storage(let error) = self { error } else { nil }
    }

    /// Whether the disk is full.
    package var isNoSpace: Bool { storageError?.isNoSpace ?? false }

    /// Whether stored bytes are not what was written.
    package var isCorrupt: Bool { storageError?.isCorrupt ?? false }

    /// A file of an upload that cannot be read; where it is missing the upload is gone.
    static func of(_ error: StorageError) -> UploadError {
        error.isMissing ? .unknownUpload : .storage(error)
    }
}
