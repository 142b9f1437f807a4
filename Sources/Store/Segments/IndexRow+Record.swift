internal import Disk
internal import Index
internal import JSON
internal import SegmentLog

extension IndexRow {
    /// Extracts the indexed values of a record; nil if no collection writes such a record.
    init?(_ entry: LogEntry, _ schema: CollectionSchema) {
        let row = entry.line.withUnsafeBytes { line -> IndexRow? in
            guard let place = Self.place(in: line) else { return nil }
            let document = place.document.map { UnsafeRawBufferPointer(rebasing: line[$0]) }
            return IndexRow(
                id: Text(place.id),
                pointer: entry.pointer,
                committedAt: document.flatMap { Self.committedAt(of: $0) } ?? entry.at,
                values: document.map { FieldValue.all(schema.indexes, in: $0) }
            )
        }
        guard let row else { return nil }
        self = row
    }

    /// Returns the id and the range of the document; nil if no collection writes such a line.
    private static func place(in line: UnsafeRawBufferPointer) -> (id: String, document: Range<Int>?)? {
        if let place = DocumentPlace(found: line) { return (place.id, place.range) }
        return Record(line).map { ($0.id, $0.document) }
    }

    private static func committedAt(of document: UnsafeRawBufferPointer) -> Timestamp? {
        JSONScanner.first(.committedAt, of: document)?.text.flatMap { Timestamp(rfc3339: $0) }
    }
}

extension Corruption {
    /// Creates the corruption of a record that no collection of this build writes.
    init(foreign entry: LogEntry, in schema: CollectionSchema) {
        self.init(
            path: "collections/\(schema.name)/\(SegmentName.make(entry.pointer.segment, entry.form))",
            offset: Int64(entry.pointer.offset),
            sequence: entry.sequence,
            reason: .foreignRecord
        )
    }
}
