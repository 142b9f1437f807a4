package import Disk
package import JSON
package import SegmentLog

/// The index of one segment: answers about its records without reading them.
///
/// A ``MemoryIndex`` is built while records are appended, a ``MappedIndex`` is in a file next to a sealed segment. An
/// index covers one segment only: it does not know whether a newer segment replaces a row.
///
/// Every call may come from any thread. Rows are added only at the end, and the answer for a row never changes. All
/// calls throw ``StorageError/corrupt(_:)`` if a file is damaged.
package protocol SegmentIndex: AnyObject, Sendable {
    var segment: SegmentID { get }

    /// The position of a row's record in the log.
    func pointer(of row: Int) throws(StorageError) -> RecordPointer

    /// When the document of a row was first stored; meaningless for a tombstone.
    func committedAt(of row: Int) throws(StorageError) -> Timestamp

    /// Returns the earliest and the latest time of the rows below `rowCount`, including tombstones; nil without rows.
    func committedRange(below rowCount: Int) throws(StorageError) -> ClosedRange<Timestamp>?

    /// Returns the last row with an id, a document or a tombstone.
    ///
    /// If the index contains only hashes of ids, it calls `confirm` to check whether a row has the id.
    func lastRow(of id: Text, confirm: (Int) throws(StorageError) -> Bool) throws(StorageError) -> Int?

    /// Returns which rows below `rowCount` pass; tombstones may be among them.
    ///
    /// - Precondition: The condition is not on the member that is the id: ids are looked up with ``lastRow(of:confirm:)``.
    func rows(passing condition: Condition, below rowCount: Int) throws(StorageError) -> RowMatch

    /// Returns how many rows below `rowCount` pass, if that is known without enumerating them.
    ///
    /// - Precondition: No row of the segment is a tombstone; the condition is not on the member that is the id.
    func count(passing condition: Condition, below rowCount: Int) throws(StorageError) -> Int?

    /// Returns the values of a field in order, each with its rows.
    ///
    /// Returns nil if there is no index of the field, or if a row has several values: then its place in the order is
    /// known only from its document.
    func column(of path: FieldPath) throws(StorageError) -> (any ValueColumn)?
}

/// The rows of a segment that pass a condition.
package enum RowMatch {
    case none
    case all
    case some(RowSet)
    /// There is no index of the field: the documents must be read.
    case unknown
}

/// A snapshot of the values of one field within one segment, ascending, each with its rows.
///
/// Values of which neither precedes the other (1, "1" and "1.0") are adjacent.
package protocol ValueColumn: Sendable {
    var valueCount: Int { get }

    func value(at position: Int) throws(StorageError) -> Scalar

    /// Calls `body` with each row that has the value, ascending.
    func forEachRow(at position: Int, _ body: (Int) -> Void) throws(StorageError)
}
