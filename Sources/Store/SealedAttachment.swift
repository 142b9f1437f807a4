internal import Disk
internal import Index
internal import SegmentLog

/// Opens the index files of a log's sealed segments, and rebuilds those that cannot be used.
///
/// An index is derived: one that is missing, of another segment, format or schema, or of which the part that opening reads
/// is damaged or cannot be read, is rebuilt from the segment's records. If the disk has no space for it, it is kept in memory.
/// Opening reads the header, and if documents are replaced also the ids; other damage is found when it is read.
struct SealedAttachment {
    private let schema: CollectionSchema
    private let acceptsLoss: Bool
    private let disk: any Disk
    private(set) var rebuiltPaths: [String] = []
    /// The segments that were left out, oldest first.
    private(set) var losses: [Loss] = []

    /// With `acceptsLoss` segments of which neither the index nor every record can be read are left out.
    init(_ schema: CollectionSchema, acceptsLoss: Bool, on disk: any Disk) {
        self.schema = schema
        self.acceptsLoss = acceptsLoss
        self.disk = disk
    }

    /// Adds the indexes of sealed segments, oldest first, to a collection; each is rebuilt at most once.
    mutating func attach(_ sealed: [SealedSegment], to collection: CollectionIndex) throws(StorageError) {
        var segments: [SealedSegment] = []
        var indexes: [MappedIndex] = []
        for segment in sealed {
            guard let index = try index(of: segment, isUsable: true) else { continue }
            segments.append(segment)
            indexes.append(index)
        }
        var repaired: Set<String> = []
        while true {
            do throws(StorageError) {
                return try collection.attach(indexes)
            } catch {
                guard let path = error.unusableIndexPath, repaired.insert(path).inserted,
                    let position = segments.firstIndex(where: { $0.indexPath == path })
                else { throw error }
                if let index = try index(of: segments[position], isUsable: false) {
                    indexes[position] = index
                } else {
                    indexes.remove(at: position)
                    segments.remove(at: position)
                }
            }
        }
    }

    /// Returns the index of a segment; nil if it cannot be read or rebuilt, and the segment's records may be lost.
    private mutating func index(of sealed: SealedSegment, isUsable: Bool) throws(StorageError) -> MappedIndex? {
        do throws(StorageError) {
            return isUsable ? try open(sealed) : try rebuild(sealed)
        } catch {
            guard acceptsLoss, let corruption = error.loss else { throw error }
            losses.append(Loss(segment: sealed.summary.id, corruption))
            losses.sort { $0.segment < $1.segment }
            return nil
        }
    }

    private mutating func open(_ sealed: SealedSegment) throws(StorageError) -> MappedIndex {
        do throws(StorageError) {
            return try MappedIndex.open(sealed.indexPath, of: sealed.summary, schema.indexSchema, on: disk)
        } catch {
            if case .disk = error, !error.isMissing, error.unusableIndexPath == nil { throw error }
            return try rebuild(sealed)
        }
    }

    private mutating func rebuild(_ sealed: SealedSegment) throws(StorageError) -> MappedIndex {
        let index = try MappedIndex.rebuild(sealed, schema, on: disk)
        rebuiltPaths.append(sealed.indexPath)
        return index
    }
}

extension StorageError {
    /// The path of an index file that is damaged or cannot be read, which can be rebuilt; nil for other errors.
    var unusableIndexPath: String? {
        switch self {
        case .corrupt(let corruption):
            if case .index = corruption.reason { corruption.path } else { nil }
        case .disk(let error):
            error.call == .pread && error.path.hasSuffix(SegmentName.Form.index.rawValue) ? error.path : nil
        default: nil
        }
    }

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
