package import Disk
package import SegmentLog

/// Why the store did not do what it was asked.
package enum StoreError: Error, Sendable, Equatable {
    // The request.

    /// No live document has the id.
    case notFound(String)
    /// A live document has the id already.
    case alreadyExists(String)
    /// The key member is not a string of 1 to ``Collection/idByteCountMax`` bytes, or an update changed it.
    case invalidKey(member: String)
    /// The moment a document brings along cannot be kept: it is not one, lies ahead, or is not after the newest document's.
    case invalidTime(String)
    /// A change of a document was refused by the caller's own rule; the document stays as it was.
    case refused(reason: String)

    // The log and the disk beneath, each as in ``SegmentError``.

    /// The disk is full: the record is not stored, and the next write may succeed.
    case noSpace(DiskError)
    /// An earlier write or sync of the collection failed: it takes no writes until it is opened again; reads go on.
    case latched(Latch)
    /// The document is longer than a record may be.
    case tooLarge(byteCountMax: Int)
    /// The store was closed.
    case closed
    /// Bytes that were durable are not what was written; they are not handed out.
    case damaged(Corruption)
    /// Records are lost here that may have stored, replaced or deleted the document, so nobody can tell what it is.
    case doubtful(Corruption)
    /// Another call failed; nothing was stored by it.
    case disk(DiskError)

    /// The segment was rewritten or dropped while it was read, again and again; the next try may succeed.
    case retired

    // Opening the data directory.

    /// Another process serves the directory; its id, where the `lock` file told it.
    case locked(path: String, owner: Int32?)
    /// `ledge.json` names a format this build does not know.
    case unsupportedFormat(Int)
    /// A file is there but is not what was written.
    case corrupt(path: String, reason: String)
    /// There are collections but no `ledge.json` beside them.
    case notADataDirectory(String)
    /// A record's checksum is right but no collection of this build could have written it.
    case unreadableRecord(collection: String, sequence: UInt64)
}

extension StoreError {
    /// Whether space that is freed makes it pass.
    package var isNoSpace: Bool {
        switch self {
        case .noSpace: true
        case .disk(let error): error.isNoSpace
        default: false
        }
    }

    /// What the disk did, without a path, where it is the disk's fault: `open: Too many open files`.
    package var diskReason: String? {
        switch self {
        case .noSpace(let error), .disk(let error): error.reason
        case .latched(let latch): latch.cause.reason
        default: nil
        }
    }

    /// What a failure of the log is to the callers of a collection, who know of no log.
    init(_ error: SegmentError) {
        self =
            switch error {
            case .disk(let error): .disk(error)
            case .noSpace(let error): .noSpace(error)
            case .latched(let error): .latched(error)
            case .recordTooLarge(_, let byteCountMax): .tooLarge(byteCountMax: byteCountMax)
            case .closed: .closed
            case .retired: .retired
            case .corrupt(let corruption): .damaged(corruption)
            }
    }
}
