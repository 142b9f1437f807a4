package import Disk

/// What maintenance did to a collection, for the log of whoever runs it.
package enum MaintenanceNotice: Sendable {
    /// A segment was compressed and given an index file.
    case sealed(collection: String, documentCount: Int, byteCount: Int64, storedByteCount: Int64)
    /// Segments were written again as one, without what was replaced or deleted.
    case compacted(collection: String, segmentCount: Int, byteCount: Int64, storedByteCount: Int64)
    /// The oldest segments were dropped, as the collection's retention says.
    case dropped(collection: String, segmentCount: Int, documentCount: Int, byteCount: Int64)
    /// An index file that was found damaged was made again from its segment.
    case mended(collection: String, path: String)
    /// Maintenance could not do its work; the collection serves as before, and the next round tries again.
    case failed(collection: String, StorageError)
}

extension MaintenanceNotice: CustomStringConvertible {
    package var description: String {
        switch self {
        case .sealed(let collection, let documentCount, let byteCount, let storedByteCount):
            "sealed \(documentCount) records of \(collection): \(byteCount) bytes became \(storedByteCount)"
        case .compacted(let collection, let segmentCount, let byteCount, let storedByteCount):
            "compacted \(segmentCount) segments of \(collection): \(byteCount) bytes became \(storedByteCount)"
        case .dropped(let collection, let segmentCount, let documentCount, let byteCount):
            "dropped \(segmentCount) segments of \(collection): \(documentCount) records, \(byteCount) bytes"
        case .mended(let collection, let path):
            "made the index \(path) of \(collection) again, which was not as it was written"
        case .failed(let collection, let error):
            "maintenance of \(collection) failed: \(error)"
        }
    }
}
