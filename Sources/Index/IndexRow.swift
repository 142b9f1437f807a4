package import JSON
package import SegmentLog

/// What a record adds to the index of its segment.
package struct IndexRow: Sendable {
    package let id: Text
    let pointer: RecordPointer
    let committedAt: Timestamp
    /// The value of each field of the schema's `paths`, in their order; nil for a tombstone.
    let values: [FieldValue]?

    package init(id: Text, pointer: RecordPointer, committedAt: Timestamp, values: [FieldValue]?) {
        self.id = id
        self.pointer = pointer
        self.committedAt = committedAt
        self.values = values
    }

    /// Whether the record deletes its document.
    package var isTombstone: Bool { values == nil }
}
