internal import Concurrency
package import Disk
internal import Dispatch
internal import JSON
internal import NIOConcurrencyHelpers
package import SegmentLog

/// A collection of documents with ids, in one log, with an index for each of its segments.
///
/// When a write returns, its document is on stable storage, and only documents on stable storage are read or counted:
/// indexes are updated after the sync. Writes to one id are serialized; of two inserts of the same id exactly one
/// succeeds.
///
/// Reads block for the disk, so callers must not make long ones (`list`, `count`) on Swift's cooperative threads. Writes
/// look up ids that clients chose on threads of their own.
package final class DocumentCollection: Sendable {
    /// The maximum length of an id in bytes.
    package static let idByteCountMax = 512

    package let schema: CollectionSchema
    /// The findings of opening the log.
    package let recovery: RecoveryReport
    /// Index files that were missing or unusable, and were rebuilt from their segments.
    package let rebuiltIndexPaths: [String]
    let log: SegmentLog
    let index: CollectionIndex
    let locks = KeyedLock()
    /// Where writes look up ids, which may read index files and records of all segments.
    let lookups = DispatchQueue(label: "ledge.store.lookups", attributes: .concurrent)
    let sealedCounts = SealedCounts()
    let disk: any Disk
    let clock: @Sendable () -> Timestamp
    /// Index files that a read found damaged, or could not read.
    let damagedIndexPaths = NIOLockedValueBox<Set<String>>([])
    let foundDamage: NIOLockedValueBox<(places: [Corruption], since: Timestamp)>
    /// The newest place with lost records, if there is one.
    let loss: Loss?
    /// Whether its segments are not maintained, because some of them are damaged.
    let isQuarantined: Bool
    let askForMaintenance: @Sendable () -> Void

    /// Opens the collection in `directory` and indexes the segments without index files.
    init(_ schema: CollectionSchema, _ options: SegmentLog.Options, on disk: any Disk) throws(StorageError) {
        let index = CollectionIndex(schema)
        var attachment = SealedAttachment(schema, acceptsLoss: options.opensDamaged, on: disk)
        self.schema = schema
        self.index = index
        self.disk = disk
        clock = options.clock
        askForMaintenance = options.didClose
        (log, recovery) = try SegmentLog.open(options, on: disk) { sealed throws(StorageError) in
            try attachment.attach(sealed, to: index)
        } apply: { entry in
            index.apply(entry)
        }
        rebuiltIndexPaths = attachment.rebuiltPaths
        if let failure = index.failure { throw failure }
        let losses = attachment.losses + recovery.losses
        loss = losses.last
        let found = recovery.damage
        let damage = found + attachment.losses.map(\.corruption).filter { !found.contains($0) }
        isQuarantined = !damage.isEmpty
        foundDamage = NIOLockedValueBox((damage, options.clock()))
        if let loss, !schema.isAppendOnly { try index.markDeleted(before: loss) }
    }

    /// The contents of the log, and whether it accepts writes.
    package var statistics: LogStatistics { log.statistics }

    /// Whether it accepts no writes until it is opened again, because a sync failed.
    package var isLatched: Bool { statistics.latch != nil }

    /// The number of documents in the collection.
    package var documentCount: Int { index.documentCount }

    /// The known damage of the collection: places found at opening, and the first hundred that reads have found.
    ///
    /// Records at these places are not served and not counted. Documents that the lost records may have changed are not
    /// served either.
    package var damage: [Corruption] { foundDamage.withLockedValue { $0.places } }

    func close() async throws(StorageError) {
        try await log.close()
    }
}
