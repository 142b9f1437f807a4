internal import Disk
internal import Index
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// Collects the index files of a log's sealed segments while it is opened, and rebuilds unusable ones.
///
/// An index is derived: if it is missing, belongs to another segment or schema, or if opening finds damage, it is
/// rebuilt from the segment's records. If the disk has no space for it, it is kept in memory. Opening reads the header,
/// and the ids if documents can be replaced; other damage is found when it is read.
final class SealedAttachment: Sendable {
    private struct State {
        var indexes: [MappedIndex] = []
        var segments: [SealedSegment] = []
        var rebuiltPaths: [String] = []
        var losses: [Loss] = []
        var isFinished = false
    }

    private let schema: CollectionSchema
    private let collection: CollectionIndex
    private let acceptsLoss: Bool
    private let disk: any Disk
    private let state = NIOLockedValueBox(State())

    /// With `acceptsLoss`, segments whose index and records cannot be read completely are left out.
    init(_ schema: CollectionSchema, to collection: CollectionIndex, acceptsLoss: Bool = false, on disk: any Disk) {
        self.schema = schema
        self.collection = collection
        self.acceptsLoss = acceptsLoss
        self.disk = disk
    }

    var rebuiltPaths: [String] { state.withLockedValue { $0.rebuiltPaths } }
    /// The segments that were left out, oldest first.
    var losses: [Loss] { state.withLockedValue { $0.losses.sorted { $0.segment < $1.segment } } }

    /// Opens the index of a sealed segment; a failure becomes the collection's.
    func add(_ sealed: SealedSegment) {
        do throws(StorageError) {
            guard let index = try leavingOut(sealed, open(sealed)) else { return }
            state.withLockedValue { state in
                state.indexes.append(index)
                state.segments.append(sealed)
            }
        } catch {
            collection.fail(error)
        }
    }

    /// Returns an index, or nil if there is none and the segment's records may be lost.
    private func leavingOut(
        _ sealed: SealedSegment,
        _ index: @autoclosure () throws(StorageError) -> MappedIndex
    ) throws(StorageError) -> MappedIndex? {
        do throws(StorageError) {
            return try index()
        } catch {
            guard acceptsLoss, let corruption = error.loss else { throw error }
            state.withLockedValue { $0.losses.append(Loss(segment: sealed.summary.id, corruption)) }
            return nil
        }
    }

    private func open(_ sealed: SealedSegment) throws(StorageError) -> MappedIndex {
        do throws(StorageError) {
            return try MappedIndex.open(sealed.indexPath, of: sealed.summary, schema.indexSchema, on: disk)
        } catch {
            if case .disk = error, !error.isMissing { throw error }
            return try rebuild(sealed)
        }
    }

    private func rebuild(_ sealed: SealedSegment) throws(StorageError) -> MappedIndex {
        let index = try MappedIndex.rebuild(sealed, schema, on: disk)
        state.withLockedValue { $0.rebuiltPaths.append(sealed.indexPath) }
        return index
    }

    /// Passes the indexes to the collection; only the first call has an effect.
    func finish() {
        let found = state.withLockedValue { state -> State? in
            guard !state.isFinished else { return nil }
            state.isFinished = true
            return state
        }
        guard let found, !found.indexes.isEmpty else { return }
        do throws(StorageError) { try attach(found) } catch { collection.fail(error) }
    }

    /// Adds the indexes to the collection; each is rebuilt at most once.
    private func attach(_ found: State) throws(StorageError) {
        var (indexes, segments) = (found.indexes, found.segments)
        var rebuilt: Set<String> = []
        while true {
            do throws(StorageError) {
                return try collection.attach(indexes)
            } catch {
                guard case .corrupt(let corruption) = error, rebuilt.insert(corruption.path).inserted,
                    let position = segments.firstIndex(where: { $0.indexPath == corruption.path })
                else { throw error }
                let sealed = segments[position]
                if let index = try leavingOut(sealed, rebuild(sealed)) {
                    indexes[position] = index
                } else {
                    indexes.remove(at: position)
                    segments.remove(at: position)
                }
            }
        }
    }
}

extension StorageError {
    /// The damage in which the records of a segment are lost; nil for other errors.
    fileprivate var loss: Corruption? {
        switch self {
        case .corrupt(let corruption):
            switch corruption.reason {
            case .index, .foreignRecord: nil
            default: corruption
            }
        case .disk(let error) where error.isMissing: Corruption(path: error.path, reason: .missingSegment)
        default: nil
        }
    }
}
