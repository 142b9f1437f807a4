internal import Disk
internal import Index
internal import JSON
internal import SegmentLog

/// Builds the index file of a segment from the entries of its log.
struct RowCollector {
    private let schema: CollectionSchema
    private var builder: IndexFileBuilder
    private var foreign: Corruption?

    init(_ schema: CollectionSchema) {
        self.schema = schema
        builder = IndexFileBuilder(schema.indexSchema)
    }

    /// Adds the next record of the segment.
    mutating func add(_ entry: LogEntry) {
        guard let row = IndexRow(entry, schema) else {
            foreign = foreign ?? Corruption(foreign: entry, in: schema)
            return
        }
        builder.append(row)
    }

    /// Writes the index file of the segment, durably, and opens it.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` if no collection writes such a record.
    func publish(
        at path: String,
        of segment: SegmentSummary,
        on disk: any Disk
    ) throws(StorageError) -> MappedIndex {
        if let foreign { throw .corrupt(foreign) }
        return try MappedIndex.publish(
            builder.finish(for: segment),
            at: path,
            of: segment,
            schema.indexSchema,
            on: disk
        )
    }
}

extension MappedIndex {
    /// Writes the index file of a sealed segment from its records, replacing an existing one.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` if the segment is damaged, or contains a record that no collection
    ///   writes; ``StorageError/disk(_:)``.
    static func rebuild(
        _ sealed: SealedSegment,
        _ schema: CollectionSchema,
        on disk: any Disk
    ) throws(StorageError) -> MappedIndex {
        var rows = RowCollector(schema)
        try sealed.forEach { rows.add($0) }
        return try rows.publish(at: sealed.indexPath, of: sealed.summary, on: disk)
    }
}
