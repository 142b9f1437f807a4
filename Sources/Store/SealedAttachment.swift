internal import Disk
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// Gathers the index files of a log's sealed segments while it is opened, and makes again those that cannot be used.
///
/// An index is derived: one that is missing, of another segment or of another schema, or damaged where opening looks at
/// it, is replaced by one made from the segment's records. Where the disk has no room for it, it serves from memory.
/// Opening looks at the head, and where documents are replaced at the ids; what else is damaged shows when it is read.
final class SealedAttachment: Sendable {
    private struct State {
        var indexes: [MappedIndex] = []
        var segments: [SealedSegment] = []
        var rebuiltPaths: [String] = []
        var isFinished = false
    }

    private let schema: CollectionSchema
    private let collection: CollectionIndex
    private let disk: any Disk
    private let state = NIOLockedValueBox(State())

    init(_ schema: CollectionSchema, to collection: CollectionIndex, on disk: any Disk) {
        self.schema = schema
        self.collection = collection
        self.disk = disk
    }

    var rebuiltPaths: [String] { state.withLockedValue { $0.rebuiltPaths } }

    /// Opens the index of a sealed segment; a failure becomes the collection's.
    func add(_ sealed: SealedSegment) {
        do throws(StoreError) {
            let index = try open(sealed)
            state.withLockedValue { state in
                state.indexes.append(index)
                state.segments.append(sealed)
            }
        } catch {
            collection.fail(error)
        }
    }

    private func open(_ sealed: SealedSegment) throws(StoreError) -> MappedIndex {
        do throws(StoreError) {
            return try MappedIndex.open(sealed.indexPath, of: sealed.summary, schema, on: disk)
        } catch {
            if case .disk(let failure) = error, !failure.isMissing { throw error }
            return try rebuild(sealed)
        }
    }

    private func rebuild(_ sealed: SealedSegment) throws(StoreError) -> MappedIndex {
        let index = try MappedIndex.rebuild(sealed, schema, on: disk)
        state.withLockedValue { $0.rebuiltPaths.append(sealed.indexPath) }
        return index
    }

    /// Hands the indexes over; the first call counts.
    func finish() {
        let found = state.withLockedValue { state -> State? in
            guard !state.isFinished else { return nil }
            state.isFinished = true
            return state
        }
        guard let found, !found.indexes.isEmpty else { return }
        do throws(StoreError) { try attach(found) } catch { collection.fail(error) }
    }

    /// Tells the collection of the indexes, each of which is made again at most once.
    private func attach(_ found: State) throws(StoreError) {
        var indexes = found.indexes
        var mended: Set<String> = []
        while true {
            do throws(StoreError) {
                return try collection.attach(indexes)
            } catch {
                guard case .corrupt(let path, _) = error, mended.insert(path).inserted,
                    let position = found.segments.firstIndex(where: { $0.indexPath == path })
                else { throw error }
                indexes[position] = try rebuild(found.segments[position])
            }
        }
    }
}

extension MappedIndex {
    /// Makes the index file of a sealed segment from its records, in the place of the one there may be.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` where the segment is not what was written;
    ///   ``StoreError/unreadableRecord(collection:sequence:)``; ``StoreError/disk(_:)``.
    static func rebuild(
        _ sealed: SealedSegment,
        _ schema: CollectionSchema,
        on disk: any Disk
    ) throws(StoreError) -> MappedIndex {
        var builder = IndexFileBuilder(schema)
        var unreadable: UInt64?
        do throws(SegmentError) {
            try sealed.forEach { entry in
                guard let row = IndexRow(entry, schema) else {
                    unreadable = unreadable ?? entry.sequence
                    return
                }
                builder.append(row)
            }
        } catch {
            throw StoreError(error)
        }
        if let unreadable { throw .unreadableRecord(collection: schema.name, sequence: unreadable) }
        let bytes = builder.finish(for: sealed.summary)
        return try publish(bytes, at: sealed.indexPath, of: sealed.summary, schema, on: disk)
    }
}
