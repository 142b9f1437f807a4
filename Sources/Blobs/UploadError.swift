package import Disk

/// Why an upload, or one step of it, was refused or failed.
///
/// The cases carry values; the sentences for client and log are made at the edge.
package enum UploadError: Error, Sendable, Hashable {
    // Naming: nothing has this id. Malformed ids are unknown too: an id is never a path before it is checked.
    case unknownUpload
    /// No complete, unclaimed upload has this token: it never existed, expired, was aborted or is used up.
    case unknownToken

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

    // The disk.
    /// Nothing is lost but the step: it may be repeated when there is space.
    case noSpace(DiskError)
    case disk(DiskError)
    /// A write or sync of this upload failed before: the kernel may have dropped its pages, so only `abort` is left.
    case latched(DiskError)
    case corrupt(BlobViolation)
    case closed
}

/// Why a stored file cannot be read.
package enum BlobError: Error, Sendable, Hashable {
    case notFound
    case disk(DiskError)
    /// The bytes on disk are not those that were stored: none of them is handed out.
    case corrupt(BlobViolation)
}

extension BlobError {
    /// What the disk did, without a path, where it is the disk's fault: `pread: Input/output error`.
    package var diskReason: String? {
        if case .disk(let error) = self { error.reason } else { nil }
    }
}

extension UploadError {
    /// Tells a full disk, which passes, from a failing one.
    static func of(_ error: DiskError) -> UploadError {
        error.isNoSpace ? .noSpace(error) : .disk(error)
    }

    /// What the disk did, without a path, where it is the disk's fault: `fdatasync: Input/output error`.
    package var diskReason: String? {
        switch self {
        case .noSpace(let error), .disk(let error), .latched(let error): error.reason
        default: nil
        }
    }
}
