package import Disk

/// Why the store did not do what it was asked.
package enum StoreError: StorageErrorWrapper, Sendable, Equatable {
    // The request.

    /// No live document has the id.
    case notFound(String)
    /// A live document has the id already.
    case alreadyExists(String)
    /// The key member is not a string of 1 to ``DocumentCollection/idByteCountMax`` bytes, or an update changed it.
    case invalidKey(member: String)
    /// The moment a document brings along cannot be kept: it is not one, lies ahead, or is not after the newest document's.
    case invalidTime(String)
    /// A change of a document was refused by the caller's own rule; the document stays as it was.
    case refused(reason: String)
    /// Records are lost here that may have stored, replaced or deleted the document, so its state is unknown.
    case possiblySuperseded(Corruption)

    // Opening the data directory.

    /// Another process serves the directory; its id, where the `lock` file holds it.
    case locked(path: String, owner: Int32?)
    /// `ledge.json` names a format this build does not know.
    case unsupportedFormat(Int)
    /// There are collections but no `ledge.json` beside them.
    case notADataDirectory(String)

    /// The logs, the indexes or the disk failed.
    case storage(StorageError)
}

extension StoreError {
    /// What failed below the store; nil for a request that was refused.
    package var storageError: StorageError? {
        if case .storage(let error) = self { error } else { nil }
    }

    /// Whether the disk is full.
    package var isNoSpace: Bool { storageError?.isNoSpace ?? false }

    /// Whether stored bytes are not what was written, or records are lost for that reason.
    package var isDamage: Bool {
        if case .possiblySuperseded = self { true } else { storageError?.isCorrupt ?? false }
    }
}
