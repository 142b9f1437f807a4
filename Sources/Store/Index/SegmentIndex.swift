internal import Disk
internal import JSON
internal import SegmentLog

/// What can be told about the records of one segment without reading them.
///
/// The only way queries and collections look at indexes: a ``MemoryIndex`` is built while records are written, a
/// ``MappedIndex`` stands in a file beside a sealed segment. An index knows nothing of other segments, so whether a row
/// is still the live one of its id is kept beside it, in ``CollectionIndex``.
///
/// Every call may come from any thread. Rows are added only at the end, and what was said of a row stays true.
/// All calls throw ``StorageError/corrupt(_:)`` where a file is not what was written.
protocol SegmentIndex: AnyObject, Sendable {
    var segment: SegmentID { get }

    /// Where a row's record stands.
    func pointer(of row: Int) throws(StorageError) -> RecordPointer

    /// When the document of a row was first stored; meaningless for a tombstone.
    func committedAt(of row: Int) throws(StorageError) -> Timestamp

    /// The smallest and the largest moment of the rows below `rowCount`, tombstones included; nil without rows.
    func committedRange(below rowCount: Int) throws(StorageError) -> ClosedRange<Timestamp>?

    /// The last row with an id, be it a document or a tombstone.
    ///
    /// `confirm` is asked whether a row has the id, where the index holds no more of ids than a hash.
    func lastRow(of id: Text, confirm: (Int) throws(StorageError) -> Bool) throws(StorageError) -> Int?

    /// Tells which rows below `rowCount` pass; tombstones may be among them.
    ///
    /// - Precondition: The condition is not on the collection's key: ids are looked up with ``lastRow(of:confirm:)``.
    func rows(passing condition: Condition, below rowCount: Int) throws(StorageError) -> RowMatch

    /// Returns how many rows below `rowCount` pass, where that is known without going through them.
    ///
    /// - Precondition: No row of the segment is a tombstone; the condition is not on the collection's key.
    func count(passing condition: Condition, below rowCount: Int) throws(StorageError) -> Int?

    /// The values of a field in order, each with its rows.
    ///
    /// Nil where there is no index of the field, or a row has several values there: its place is then known only from
    /// its document.
    func column(of path: FieldPath) throws(StorageError) -> (any ValueColumn)?
}

/// Which rows of a segment pass a condition.
enum RowMatch {
    case none
    case all
    case some(RowSet)
    /// Only the documents can tell.
    case unknown
}

/// The values of one field within one segment, ascending, each with the rows that have it; of one moment.
///
/// Values that neither precedes the other (1, "1" and "1.0") are neighbours.
protocol ValueColumn {
    var valueCount: Int { get }

    func value(at position: Int) throws(StorageError) -> Scalar

    /// Calls `body` with each row that has the value, ascending.
    func forEachRow(at position: Int, _ body: (Int) -> Void) throws(StorageError)
}
