internal import JSON
internal import SegmentLog

/// What can be told about the records of one segment without reading them.
///
/// The only way queries and collections look at indexes: ``MemoryIndex`` is built while records are written, and one
/// mapped from a file can stand in for it. An index knows nothing of later segments, so whether a row is still the
/// live one of its id is kept beside it, in ``CollectionIndex``.
///
/// Every call may come from any thread. Rows are added only at the end, and what was said of a row stays true.
protocol SegmentIndex: Sendable {
    /// The sequence of row 0, which is also the segment's name.
    var firstSequence: UInt64 { get }

    /// Where a row's record stands.
    func pointer(of row: Int) -> RecordPointer

    /// When the document of a row was first stored; meaningless for a tombstone.
    func committedAt(of row: Int) -> Timestamp

    /// The last row with an id, be it a document or a tombstone.
    func row(of id: Text) -> Int?

    /// Returns exactly the rows below `rowCount` that pass, or nil where only the documents can tell.
    ///
    /// Tombstones may be among them.
    func rows(passing condition: Condition, below rowCount: Int) -> RowSet?

    /// Returns how many rows below `rowCount` pass, where that is known without going through them.
    ///
    /// - Precondition: No row of the segment is a tombstone.
    func count(passing condition: Condition, below rowCount: Int) -> Int?

    /// Calls `body` with each row of the set, the value to sort it by and when it was committed.
    ///
    /// Returns false, without calling, where the segment has no column of the field.
    /// `body` must not call the index.
    func visit(_ rows: RowSet, sortedBy path: FieldPath, _ body: (Int, Scalar, Timestamp) -> Void) -> Bool
}
