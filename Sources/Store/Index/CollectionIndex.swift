internal import JSON
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// The indexes of all segments of a collection, and which of their rows are live.
///
/// A row is live from its sync until a later record of its id, a document or a tombstone. `apply` is called by the log
/// for one durable record after the other; everything else may come from any thread at any time.
final class CollectionIndex: Sendable {
    private struct State {
        /// Oldest first.
        var segments: [IndexedSegment] = []
        /// Takes the next record.
        var active: MemoryIndex?
        var unreadableSequence: UInt64?
    }

    private let schema: CollectionSchema
    private let state = NIOLockedValueBox(State())

    init(_ schema: CollectionSchema) {
        self.schema = schema
    }

    /// The sequence of a record no collection writes, if there was one.
    var unreadableSequence: UInt64? {
        state.withLockedValue { $0.unreadableSequence }
    }

    var documentCount: Int {
        state.withLockedValue { $0.segments.reduce(0) { $0 + $1.liveCount } }
    }

    /// All segments as they are now, oldest first.
    ///
    /// What is applied later does not show in it.
    var snapshot: [IndexedSegment] {
        state.withLockedValue { $0.segments }
    }

    /// Returns where the live document of an id stands, and when it was first stored.
    func find(_ id: String) -> (pointer: RecordPointer, committedAt: Timestamp)? {
        let id = Text(id)
        return state.withLockedValue { state in
            guard let (segment, row) = Self.lastRow(of: id, in: state.segments) else { return nil }
            let found = state.segments[segment]
            guard found.live.contains(row) else { return nil }
            return (found.index.pointer(of: row), found.index.committedAt(of: row))
        }
    }

    /// Takes a durable record in.
    func apply(_ entry: LogEntry) {
        guard let new = row(of: entry) else {
            state.withLockedValue { $0.unreadableSequence = $0.unreadableSequence ?? entry.sequence }
            return
        }
        state.withLockedValue { state in
            if !schema.isAppendOnly, let (segment, row) = Self.lastRow(of: new.id, in: state.segments) {
                state.segments[segment].kill(row)
            }
            if state.segments.last?.index.firstSequence != entry.pointer.segment {
                let index = MemoryIndex(firstSequence: entry.pointer.segment, schema: schema)
                state.segments.append(IndexedSegment(index: index))
                state.active = index
            }
            state.active?.append(new)
            state.segments[state.segments.count - 1].append(isLive: new.values != nil)
        }
    }

    /// Reads what the indexes need from a record; before the lock is taken, since it is most of the work.
    private func row(of entry: LogEntry) -> IndexRow? {
        entry.line.withUnsafeBytes { line in
            guard let record = Record(line) else { return nil }
            let document = record.document.map { UnsafeRawBufferPointer(rebasing: line[$0]) }
            return IndexRow(
                id: Text(record.id),
                pointer: entry.pointer,
                committedAt: document.flatMap { Self.committedAt(of: $0) } ?? entry.at,
                values: document.map { document in schema.indexes.map { FieldValue($0.path, in: document) } }
            )
        }
    }

    private static func committedAt(of document: UnsafeRawBufferPointer) -> Timestamp? {
        JSONScanner.first(.committedAt, of: document)?.text.flatMap { Timestamp(parsing: $0) }
    }

    private static func lastRow(of id: Text, in segments: [IndexedSegment]) -> (segment: Int, row: Int)? {
        for (segment, indexed) in segments.enumerated().reversed() {
            if let row = indexed.index.row(of: id) { return (segment, row) }
        }
        return nil
    }
}

/// The index of one segment and which of its rows are live: as a value, a picture of one moment.
struct IndexedSegment: Sendable {
    let index: any SegmentIndex
    private(set) var live = RowSet(rowCount: 0)
    private(set) var liveCount = 0

    init(index: any SegmentIndex) {
        self.index = index
    }

    var rowCount: Int { live.rowCount }

    mutating func append(isLive: Bool) {
        live.append(isIn: isLive)
        if isLive { liveCount += 1 }
    }

    mutating func kill(_ row: Int) {
        guard live.contains(row) else { return }
        live.remove(row)
        liveCount -= 1
    }
}
