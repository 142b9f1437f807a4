package import Disk

/// Why a request to the store was refused or failed.
package enum StoreError: StorageErrorWrapper, Sendable, Equatable {
    // The request.

    /// No live document has the id.
    case notFound(String)
    /// A live document has the id already.
    case alreadyExists(String)
    /// The key member is not a string of 1 to ``DocumentCollection/idByteCountMax`` bytes, or an update changed it.
    case invalidKey(member: String)
    /// The time of a document is invalid: malformed, in the future, or not after the newest document's.
    case invalidTime(String)
    /// A change of a document was refused by the caller's rule; the document is unchanged.
    case refused(reason: String)
    /// Records are lost here that may have stored, replaced or deleted the document, so its state is unknown.
    case possiblySuperseded(Corruption)

    // Opening the data directory.

    /// Another process serves the directory and holds the lock of this path; with its id, if it is known.
    case locked(path: String, owner: Int32?)
    /// `ledge.json` has a format that this build does not support.
    case unsupportedFormat(Int)
    /// There are collections, uploads or blobs, but no `ledge.json`.
    case notADataDirectory(String)
    /// The directory has no `ledge.json`, but files that are not Ledge's.
    case notEmpty(String)

    /// The logs, the indexes or the disk failed.
    case storage(StorageError)
}

extension StoreError {
    /// The failure of storage; nil for a refused request.
    package var storageError: StorageError? {
        if case .storage(let error) = self { error } else { nil }
    }

    /// Whether the disk is full.
    package var isNoSpace: Bool { storageError?.isNoSpace ?? false }

    /// Whether stored bytes are damaged, or records are lost because of damage.
    package var isDamage: Bool {
        if case .possiblySuperseded = self { true } else { storageError?.isCorrupt ?? false }
    }
}
