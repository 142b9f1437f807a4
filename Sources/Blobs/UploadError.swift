package import Disk

/// Why a request about an upload or a stored file was refused or failed.
///
/// The cases have values; modules above write the messages.
package enum UploadError: StorageErrorWrapper, Sendable, Hashable {
    /// There is no upload of this id; malformed ids are unknown too.
    case unknownUpload
    /// No complete upload has this token: it never existed, expired, was aborted or was redeemed.
    case unknownToken
    /// There is no stored file of this id.
    case unknownBlob

    // Beginning.
    case invalidByteCount(Int64)
    /// The name is empty or longer than 1,024 bytes of UTF-8.
    case invalidFileName
    case fileTooLarge(byteCount: Int64, byteCountMax: Int64)
    /// Less is free than the file was declared to have.
    case tooLargeForDisk(byteCount: Int64, freeByteCount: Int64)
    case tooManyUploads(countMax: Int)
    case tooManyUploadsOfOwner(countMax: Int)
    /// Together with this one the unfinished uploads would have declared more than is allowed.
    case tooManyUnfinishedBytes(byteCountMax: Int64)

    // Receiving. The number of chunks is limited when an upload begins and as they arrive.
    case tooManyChunks(count: Int, countMax: Int)
    /// Another chunk of this upload is arriving, or the upload is being completed.
    case busy
    /// A newer request sends the chunk that this one sends, or completes the upload: the bytes of this one are discarded.
    case superseded
    /// The index is not the next one, or it is the last one again with other bytes.
    case outOfOrder(expected: Int, received: Int)
    case chunkTooLarge(byteCountMax: Int)
    /// The chunk goes past the declared size of the upload.
    case tooManyBytes(byteCountMax: Int64)
    /// The chunk does not have the checksum that the sender announced; it does not count.
    case checksumMismatch
    case alreadyComplete

    // Completing.
    /// Not all bytes have arrived; how many are expected is nil if the file did not declare its size.
    case incomplete(received: Int64, expected: Int64?)

    /// The disk failed, the stored bytes are damaged, or the store was closed.
    case storage(StorageError)
}

extension UploadError {
    /// The failure of storage; nil for a request that was refused.
    package var storageError: StorageError? {
        if case .storage(let error) = self { error } else { nil }
    }

    /// Whether the disk is full, or too full for the file.
    package var isNoSpace: Bool {
        if case .tooLargeForDisk = self { true } else { storageError?.isNoSpace ?? false }
    }

    /// Whether stored bytes differ from what was written.
    package var isCorrupt: Bool { storageError?.isCorrupt ?? false }

    /// The error of a file of an upload; if it is missing, so is the upload.
    static func of(_ error: StorageError) -> UploadError {
        error.isMissing ? .unknownUpload : .storage(error)
    }
}
