internal import Concurrency
package import Disk
internal import JSON
internal import NIOConcurrencyHelpers
package import SegmentLog

/// The documents of one kind, each with an id, in one log, with an index for each of its segments.
///
/// What a write returns is on stable storage, and only what is on stable storage is ever read or counted: indexes
/// learn of a record after its sync. Writes to one id happen one after the other; of two inserts of the same id
/// exactly one succeeds.
///
/// Reads block for the disk, so callers keep long ones (`list`, `count`) off Swift's cooperative threads.
package final class DocumentCollection: Sendable {
    /// Bytes an id may have.
    package static let idByteCountMax = 512

    package let schema: CollectionSchema
    /// What opening the log found.
    package let recovery: RecoveryReport
    /// Index files that were missing or not what they should be, and were made again from their segments.
    package let rebuiltIndexPaths: [String]
    let log: SegmentLog
    let index: CollectionIndex
    let locks = KeyedLock()
    let sealedCounts = SealedCounts()
    let disk: any Disk
    let clock: @Sendable () -> Timestamp
    /// Index files that a read found damaged.
    let damagedIndexPaths = NIOLockedValueBox<Set<String>>([])
    let foundDamage: NIOLockedValueBox<(places: [Corruption], since: Timestamp)>
    /// The newest place where records are lost, if there is one.
    let loss: Loss?
    /// Whether its segments stay as they are, because some of them are damaged.
    let isQuarantined: Bool
    let askForMaintenance: @Sendable () -> Void

    /// Opens the collection in `directory` and indexes what no index file speaks for.
    init(_ schema: CollectionSchema, _ options: SegmentLog.Options, on disk: any Disk) throws(StorageError) {
        let index = CollectionIndex(schema)
        let attachment = SealedAttachment(schema, to: index, acceptsLoss: options.opensDamaged, on: disk)
        self.schema = schema
        self.index = index
        self.disk = disk
        clock = options.clock
        askForMaintenance = options.didClose
        (log, recovery) = try SegmentLog.open(options, on: disk) { sealed in
            attachment.add(sealed)
        } apply: { entry in
            attachment.finish()
            index.apply(entry)
        }
        attachment.finish()
        rebuiltIndexPaths = attachment.rebuiltPaths
        if let failure = index.failure { throw failure }
        let losses = attachment.losses + recovery.losses
        loss = losses.last
        let found = recovery.damage
        let damage = found + attachment.losses.map(\.corruption).filter { !found.contains($0) }
        isQuarantined = !damage.isEmpty
        foundDamage = NIOLockedValueBox((damage, options.clock()))
        if let loss, !schema.isAppendOnly { try index.doubt(before: loss) }
    }

    /// What the log holds, and whether it takes more.
    package var statistics: LogStatistics { log.statistics }

    /// How many documents the collection holds.
    package var documentCount: Int { index.documentCount }

    /// Where the collection is known to be damaged: what opening found, and the first hundred places that reads have met.
    ///
    /// Records that stood there are not served, and are in no list and no count. Of documents that change, nothing is
    /// served that they may have changed.
    package var damage: [Corruption] { foundDamage.withLockedValue { $0.places } }

    func close() async throws(StorageError) {
        try await log.close()
    }
}
