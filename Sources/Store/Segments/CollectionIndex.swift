internal import Disk
internal import Index
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// The indexes of all segments of a collection, and which of their rows are live.
///
/// A row is live from its sync until a later record of its id, a document or a tombstone. `apply` is called by the log
/// for one durable record after the other; all other methods may be called from any thread at any time.
final class CollectionIndex: Sendable {
    private struct State {
        /// Oldest first.
        var segments: [IndexedSegment] = []
        /// The index to which the next record is added.
        var active: MemoryIndex?
        /// Why the index is not valid any more.
        var failure: StorageError?
    }

    private let schema: CollectionSchema
    private let state = NIOLockedValueBox(State())

    init(_ schema: CollectionSchema) {
        self.schema = schema
    }

    /// The first error of indexing a record, if there was one.
    var failure: StorageError? {
        state.withLockedValue { $0.failure }
    }

    var documentCount: Int {
        state.withLockedValue { $0.segments.reduce(0) { $0 + $1.liveCount } }
    }

    /// Returns a snapshot of all segments, oldest first.
    ///
    /// - Throws: ``failure``.
    func snapshot() throws(StorageError) -> [IndexedSegment] {
        let (segments, failure) = state.withLockedValue { ($0.segments, $0.failure) }
        if let failure { throw failure }
        return segments
    }

    /// Calls `body` with the segments, newest last, under the lock.
    ///
    /// - Throws: ``failure``; errors of `body`.
    func withSegments<Value>(
        _ body: ([IndexedSegment]) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        var result: Result<Value, StorageError>?
        state.withLockedValue { state in
            result = Result { () throws(StorageError) in
                if let failure = state.failure { throw failure }
                return try body(state.segments)
            }
        }
        guard let result else { preconditionFailure("a lock runs its body") }
        return try result.get()
    }

    // MARK: Records

    /// Indexes a durable record.
    func apply(_ entry: LogEntry) {
        guard let new = IndexRow(entry, schema) else {
            fail(.corrupt(Corruption(foreign: entry, in: schema)))
            return
        }
        state.withLockedValue { state in
            do throws(StorageError) {
                if !schema.isAppendOnly { try Self.markDeleted(new.id, in: &state.segments) }
            } catch {
                state.failure = state.failure ?? error
            }
            if state.active?.segment != entry.pointer.segment {
                let index = MemoryIndex(segment: entry.pointer.segment, schema: schema.indexSchema)
                state.segments.append(IndexedSegment(index: index, isAppendOnly: schema.isAppendOnly))
                state.active = index
            }
            state.active?.append(new)
            state.segments[state.segments.count - 1].append(isLive: !new.isTombstone)
        }
    }

    /// Records why the index cannot be used from now on, because its results could be wrong.
    func fail(_ error: StorageError) {
        state.withLockedValue { $0.failure = $0.failure ?? error }
    }

    /// Marks the live row of an id as deleted.
    private static func markDeleted(_ id: Text, in segments: inout [IndexedSegment]) throws(StorageError) {
        for position in segments.indices.reversed() {
            guard let row = try segments[position].lastRow(of: id) else { continue }
            segments[position].markDeleted(row)
            return
        }
    }

    // MARK: Segments

    /// Adds the indexes of sealed segments, oldest first, before any record is applied.
    func attach(_ indexes: [MappedIndex]) throws(StorageError) {
        precondition(state.withLockedValue { $0.segments.isEmpty }, "sealed segments come first")
        let segments = try IndexedSegment.all(indexes, isAppendOnly: schema.isAppendOnly)
        state.withLockedValue { $0.segments = segments }
    }

    /// Marks rows before a loss as deleted: the lost records may have replaced or deleted their documents.
    func markDeleted(before loss: Loss) throws(StorageError) {
        var failure: StorageError?
        state.withLockedValue { state in
            do throws(StorageError) {
                for position in state.segments.indices { try state.segments[position].markDeleted(before: loss) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// Replaces an index in memory by the one in a file, row for row, after its segment was sealed.
    func swap(_ sealed: MappedIndex) {
        state.withLockedValue { state in
            guard let position = state.segments.firstIndex(where: { $0.index.segment == sealed.segment }) else {
                preconditionFailure("a sealed segment belongs to the collection")
            }
            precondition(state.segments[position].rowCount == sealed.rowCount, "sealing keeps every row")
            state.segments[position].index = sealed
        }
    }

    /// Returns segments with the index file of each that was sealed in the meantime, which has the same rows.
    func renewed(_ segments: [IndexedSegment]) -> [IndexedSegment] {
        var renewed = segments
        state.withLockedValue { state in
            for position in segments.indices where segments[position].index is MemoryIndex {
                let segment = segments[position].index.segment
                guard let current = state.segments.first(where: { $0.index.segment == segment }) else { continue }
                renewed[position].index = current.index
            }
        }
        return renewed
    }

    /// Replaces a run of segments by a merged one, or removes them if no record remains.
    ///
    /// `origins` contains for each row of the new segment its old segment and row: rows that were deleted in the
    /// meantime are marked deleted in the new one too. For events, all rows are live.
    func merge(_ run: [SegmentID], into merged: MappedIndex?, origins: [RowOrigin]) {
        state.withLockedValue { state in
            guard let first = state.segments.firstIndex(where: { $0.index.segment == run.first }) else {
                preconditionFailure("a merged run belongs to the collection")
            }
            let old = state.segments[first..<first + run.count]
            precondition(old.map(\.index.segment) == run, "the segments of a run are adjacent")
            var replacement: [IndexedSegment] = []
            if let merged, schema.isAppendOnly {
                replacement = [IndexedSegment(events: merged)]
            } else if let merged {
                var segment = IndexedSegment(index: merged, isAppendOnly: schema.isAppendOnly)
                for origin in origins { segment.append(isLive: old[first + origin.segment].isLive(origin.row)) }
                replacement = [segment]
            }
            state.segments.replaceSubrange(first..<first + run.count, with: replacement)
        }
    }

    /// Removes the oldest segments.
    func drop(_ ids: [SegmentID]) {
        state.withLockedValue { state in
            precondition(state.segments.prefix(ids.count).map(\.index.segment) == ids, "the oldest are dropped")
            state.segments.removeFirst(ids.count)
        }
    }
}

/// A row by the position of its segment in a run, and its number in that segment.
struct RowOrigin {
    let segment: Int
    let row: Int
}
