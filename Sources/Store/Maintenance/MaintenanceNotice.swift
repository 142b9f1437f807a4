package import Disk
internal import JSON

/// A step of maintenance, for the log of the server.
package enum MaintenanceNotice: Sendable {
    /// A segment was compressed, and its index file was written.
    case sealed(collection: String, documentCount: Int, byteCount: Int64, storedByteCount: Int64)
    /// Segments were merged into one, without replaced and deleted documents.
    case compacted(collection: String, segmentCount: Int, byteCount: Int64, storedByteCount: Int64)
    /// The oldest segments were dropped by the collection's retention.
    case dropped(collection: String, segmentCount: Int, documentCount: Int, byteCount: Int64)
    /// A damaged index file was rebuilt from its segment.
    case rebuiltIndex(collection: String, path: String)
    /// The newest record of a collection is later than the clock, so new records do not get the time of the clock.
    case clockIsBehind(collection: String, by: Duration)
    case clockCaughtUp
    /// The clock is so far ahead that nothing expires by it for a day.
    case expiryIsHeld
    case expiryContinues
    /// Maintenance failed; the collection is served as before, and the next round repeats it.
    case failed(collection: String, StorageError)
    /// The data directory was moved or removed while it is open, or is back in its place.
    case directory(path: String, RootState)
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
        case .rebuiltIndex(let collection, let path):
            "rebuilt the damaged index \(path) of \(collection)"
        case .clockIsBehind(let collection, let difference):
            "the newest record of \(collection) is \(difference.text) later than the clock, and new records get its time: "
                + "correct the clock, or see \"A wrong clock\" in OPERATIONS.md"
        case .clockCaughtUp: "the clock has passed the newest records; new records get its time again"
        case .expiryIsHeld:
            "the clock is more than a day later than the newest record and the time since the start: events and uploads "
                + "expire by it only in a day; until then, correct it if it is wrong"
        case .expiryContinues: "events and uploads expire by the clock again"
        case .failed(let collection, let error):
            "maintenance of \(collection) failed: \(error)"
        case .directory(let path, .inPlace): "the data directory \(path) is in its place again"
        case .directory(let path, .moved):
            "the data directory \(path) was moved or replaced; the server continues to write into the one that it opened"
        case .directory(let path, .removed):
            "the data directory \(path) was removed; no writes can be stored until the server is restarted"
        }
    }
}
