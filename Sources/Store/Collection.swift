internal import Disk
package import SegmentLog

/// The documents of one kind, each with an id, in one log with its indexes in memory.
///
/// What a write returns is on stable storage, and only what is on stable storage is ever read or counted: indexes
/// learn of a record after its sync. Writes to one id happen one after the other; of two inserts of the same id
/// exactly one succeeds.
///
/// Reads block for the disk, so callers keep long ones (`list`, `count`) off Swift's cooperative threads.
package final class Collection: Sendable {
    /// Bytes an id may have.
    package static let idByteCountMax = 512

    package let schema: CollectionSchema
    /// What opening the log found.
    package let recovery: RecoveryReport
    let log: SegmentLog
    let index: CollectionIndex
    let turns = Turns()

    /// Opens the collection in `directory` and indexes what is there.
    init(_ schema: CollectionSchema, _ options: SegmentLog.Options, on disk: any Disk) throws(StoreError) {
        let index = CollectionIndex(schema)
        self.schema = schema
        self.index = index
        do {
            (log, recovery) = try SegmentLog.open(options, on: disk) { entry in index.apply(entry) }
        } catch {
            throw StoreError(error)
        }
        if let sequence = index.unreadableSequence {
            throw .unreadableRecord(collection: schema.name, sequence: sequence)
        }
    }

    /// What the log holds, and whether it takes more.
    package var statistics: LogStatistics { log.statistics }

    /// How many documents the collection holds.
    package var documentCount: Int { index.documentCount }

    func close() async throws(StoreError) {
        do { try await log.close() } catch { throw StoreError(error) }
    }
}
