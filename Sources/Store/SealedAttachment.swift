internal import Disk
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// Gathers the index files of a log's sealed segments while it is opened, and makes again those that cannot be used.
///
/// An index is derived: one that is missing, damaged at its head, of another segment or of another schema is replaced by
/// one made from the segment's records. Where the disk has no room for it, it serves from memory.
final class SealedAttachment: Sendable {
    private struct State {
        var indexes: [any SealedIndex] = []
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
            let index: MappedIndex
            do throws(StoreError) {
                index = try MappedIndex.open(sealed.indexPath, of: sealed.summary, schema, on: disk)
            } catch {
                if case .disk(let failure) = error, !failure.isMissing { throw error }
                index = try rebuild(sealed)
                state.withLockedValue { $0.rebuiltPaths.append(sealed.indexPath) }
            }
            state.withLockedValue { $0.indexes.append(index) }
        } catch {
            collection.fail(error)
        }
    }

    /// Hands the indexes over; the first call counts.
    func finish() {
        let indexes = state.withLockedValue { state -> [any SealedIndex]? in
            guard !state.isFinished else { return nil }
            state.isFinished = true
            return state.indexes
        }
        guard let indexes, !indexes.isEmpty else { return }
        do throws(StoreError) { try collection.attach(indexes) } catch { collection.fail(error) }
    }

    private func rebuild(_ sealed: SealedSegment) throws(StoreError) -> MappedIndex {
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
        return try MappedIndex.publish(
            builder.finish(for: sealed.summary),
            at: sealed.indexPath,
            of: sealed.summary,
            schema,
            on: disk
        )
    }
}
