internal import Blobs
internal import Catalog
internal import Disk
internal import Federation
internal import HTTPTypes
internal import JSON
internal import Store
internal import Tokens

// Every switch here is exhaustive and has no `default`: a new error does not compile without a status.

extension ValidationError: AnsweredError {
    var status: HTTPResponse.Status { .badRequest }
    var answer: String { message }
}

extension JSONError: AnsweredError {
    var status: HTTPResponse.Status {
        switch self {
        case .tooLong: .contentTooLarge
        case .unexpectedByte, .unexpectedEnd, .trailingBytes, .invalidUTF8, .loneSurrogate, .duplicateKey, .tooDeep:
            .badRequest
        }
    }

    var answer: String { message }
}

extension FederationError: AnsweredError {
    var status: HTTPResponse.Status {
        switch self {
        case .unknownSender, .unknownHelper, .noCombiner, .unknownCombiner, .tooManyAttributes: .badRequest
        case .noPackage: .notFound
        case .activePackage: .conflict
        case .incompatibleVersion: .notAcceptable
        }
    }

    var answer: String { message }
}

extension StorageError: AnsweredError {
    var status: HTTPResponse.Status {
        switch self {
        case .disk: isNoSpace ? .noSpace : .serviceUnavailable
        case .latched, .closed, .retired: .serviceUnavailable
        case .recordTooLarge: .contentTooLarge
        case .tooManyToSort: .badRequest
        case .corrupt: .internalServerError
        }
    }

    /// Each failed call is named with the kernel's error, without a path: `pwrite: No space left on device`.
    var answer: String {
        switch self {
        case .disk(let error) where error.isNoSpace: "The server's disk is full (\(error.reason))" + writeSuffix(error)
        case .disk(let error): diskMessage(error) + writeSuffix(error)
        case .latched(let latch):
            "The \(latch.subject) accepts no writes since a disk error at "
                + "\(Timestamp(microseconds: latch.sinceMicroseconds)) (\(latch.cause.reason)); reads go on; restart the server"
        case .closed: "The server is shutting down"
        case .retired: "The data was rewritten several times while it was read; try again"
        case .recordTooLarge(_, let byteCountMax): "The document is longer than \(byteCountMax) bytes"
        case .tooManyToSort(let countMax):
            "Too many documents to sort by a field without an index; with X-Limit and X-Skip ask for the first "
                + "\(countMax) at most, or add conditions"
        case .corrupt: "Stored data failed its checksum; it is not served. See the server's log for the place"
        }
    }

    var logText: String { "\(self)" }
    var isOfTheDisk: Bool { isNoSpace }
}

extension StoreError: AnsweredError {
    var status: HTTPResponse.Status {
        switch self {
        case .notFound: .notFound
        case .alreadyExists: .conflict
        case .invalidKey, .refused, .invalidTime: .badRequest
        case .possiblySuperseded, .locked, .unsupportedFormat, .notADataDirectory, .notEmpty: .internalServerError
        case .storage(let error): error.status
        }
    }

    var answer: String {
        switch self {
        case .notFound(let id): "Entity with id: \(id) not found"
        case .alreadyExists(let id): "Entity with id: \(id) already exists"
        case .invalidKey(let member):
            "field '\(member)' must be a string of 1 to \(DocumentCollection.idByteCountMax) bytes"
        case .refused(let reason): reason
        case .invalidTime(let reason): reason
        case .possiblySuperseded: possiblySupersededMessage
        case .locked, .unsupportedFormat, .notADataDirectory, .notEmpty: unexpectedErrorMessage
        case .storage(let error): error.answer
        }
    }

    var logText: String {
        if case .possiblySuperseded(let place) = self { return "\(answer): \(place)" }
        return storageError?.logText ?? answer
    }

    var isOfTheDisk: Bool { isNoSpace }
}

extension UploadError: AnsweredError {
    var status: HTTPResponse.Status {
        switch self {
        case .unknownUpload, .unknownToken, .unknownBlob: .notFound
        // The official client retries with smaller chunks after a 413, so a file that is too large is a 400.
        case .invalidByteCount, .invalidFileName, .fileTooLarge, .tooManyChunks, .outOfOrder, .tooManyBytes,
            .checksumMismatch, .alreadyComplete, .incomplete:
            .badRequest
        case .chunkTooLarge: .contentTooLarge
        case .busy, .superseded: .conflict
        case .tooManyUploads, .tooManyUploadsOfOwner: .tooManyRequests
        case .tooManyUnfinishedBytes, .tooLargeForDisk: .noSpace
        case .storage(let error): error.status
        }
    }

    var answer: String {
        switch self {
        case .unknownUpload: "Unknown upload_id"
        case .unknownToken: "Unknown file_token"
        case .unknownBlob: "The file of this entity is missing"
        case .invalidByteCount(let byteCount): "field 'file_size' must not be negative, but is \(byteCount)"
        case .invalidFileName: "field 'file_name' must have 1 to 1024 bytes"
        case .fileTooLarge(let byteCount, let byteCountMax):
            "The file is too large: \(byteCount) bytes; at most \(byteCountMax) are allowed"
        case .tooLargeForDisk(let byteCount, let freeByteCount):
            "The server's disk is too full for the file: it has \(byteCount) bytes, and \(freeByteCount) are free"
        case .tooManyUploads(let countMax):
            "Too many unfinished uploads: \(countMax) are allowed (--max-unfinished-uploads)"
        case .tooManyUploadsOfOwner(let countMax):
            "Too many unfinished uploads of your address: \(countMax) are allowed (--max-unfinished-uploads-per-address)"
        case .tooManyUnfinishedBytes(let byteCountMax):
            "Too many bytes in unfinished uploads: \(byteCountMax) are allowed (--max-unfinished-bytes)"
        case .tooManyChunks(let count, let countMax): "Too many chunks: \(count); at most \(countMax) are allowed"
        case .busy: "Another request is using this upload"
        case .superseded: "A newer request for this upload has replaced this one; the bytes of this one are discarded"
        case .outOfOrder(let expected, let received): "Out-of-order chunk: expected \(expected), received \(received)"
        case .chunkTooLarge(let byteCountMax): "The chunk is longer than \(byteCountMax) bytes"
        case .tooManyBytes(let byteCountMax): "The chunk goes past the declared file_size of \(byteCountMax) bytes"
        case .checksumMismatch: "The chunk does not match its checksum and was rejected"
        case .alreadyComplete: "The upload is complete already"
        case .incomplete(let received, let expected?):
            "Not all chunks have been received: \(received) of \(expected) bytes"
        case .incomplete(_, nil):
            "The request that sends this file has not ended, or was interrupted; send the file again"
        // Earlier chunks are stored; only these texts differ from those of a log.
        case .storage(.disk(let error)) where !error.isNoSpace: diskMessage(error)
        case .storage(.latched(let latch)):
            "\(diskMessage(latch.cause)) while this upload was written; abort it and start again"
        case .storage(let error): error.answer
        }
    }

    var logText: String { storageError?.logText ?? answer }
    var isOfTheDisk: Bool { storageError?.isNoSpace ?? false }
}

extension MultipartError: AnsweredError {
    var status: HTTPResponse.Status { .badRequest }

    var answer: String {
        switch self {
        case .boundary: "Broken multipart body: the Content-Type names no boundary"
        case .malformed: "Broken multipart body"
        case .truncated: "Broken multipart body: it ends before its closing boundary"
        }
    }
}

extension HTTPResponse.Status {
    /// 507, of RFC 4918: the disk is full.
    static var noSpace: Self { Self(code: 507, reasonPhrase: "Insufficient Storage") }
}

/// Completes the message of a failed write: after a failed read or sync, this would be wrong or unknown.
private func writeSuffix(_ error: DiskError) -> String {
    switch error.call {
    case .open, .pwrite, .ftruncate, .fallocate, .mkdir, .rename, .unlink, .rmdir: "; nothing was written"
    case .close, .pread, .fdatasync, .fsync, .fstat, .flock, .stat, .readdir, .statvfs, .mmap: ""
    }
}

private func diskMessage(_ error: DiskError) -> String {
    "Disk I/O error on the server (\(error.reason))"
}

private let possiblySupersededMessage = """
    Records of this collection are damaged, and one of them may have stored, changed or deleted this document. \
    See the server's log for the place; "ledge repair" resolves it
    """
