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
    /// A change of a document was refused by the caller's own rule; the document stays as it was.
    case refused(reason: String)

    // The log beneath.

    /// The collection's log failed: its disk, a checksum, a closed log.
    case segment(SegmentError)

    // Opening the data directory.

    /// A call on a file outside the logs failed.
    case disk(DiskError)
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
