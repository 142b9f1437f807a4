package import Disk
package import JSON
internal import NIOConcurrencyHelpers
package import SegmentLog

/// The collections of one data directory, served by one process at a time.
///
/// After a crash at any moment `open` finds every acknowledged document; what was being made is either there or not.
package final class Store: Sendable {
    /// How the logs of all collections are kept.
    package struct Options: Sendable {
        /// Bytes at which a segment is closed and the next one begun; see ``SegmentLog/Options``.
        package var segmentByteCountMax: Int64 = 64 << 20
        /// Bytes of lines that merging may gather in one segment.
        ///
        /// What asks every segment, as a filter that is counted first, then asks few of them: of 10 million events 20
        /// instead of 80. The price is that each byte is compressed twice in its life, and that what leaves by retention
        /// leaves in pieces of that size.
        package var mergedByteCountMax: Int64 { min(segmentByteCountMax * 10, 1 << 30) }
        /// Bytes of decompressed records that all collections together keep for the next reader.
        package var frameCacheByteCountMax = 16 << 20
        /// Whether collections with damaged segments are served all the same, without what is lost; see
        /// ``DocumentCollection/damage``.
        package var servesDamaged = false
        /// What may leave, for each collection of events by its name.
        package var retention: [String: Retention] = [:]
        /// Whether segments are sealed, merged and dropped as it becomes due; else ``Store/maintain()`` does it.
        package var maintainsItself = false
        /// Bytes of an active segment that closing the store seals, where it maintains itself: a start reads less of them
        /// in a few milliseconds.
        package var settledByteCountMin: Int64 = 4 << 20
        /// Bytes kept back so that documents, uploads and files can be removed from a full disk; 0 gives back what there
        /// is, nil leaves it alone.
        package var reserveByteCount: Int64?
        /// How long that may take: whoever stops the server waits for it, and the next start only reads more.
        package var settlingTimeMax: Duration = .seconds(1)
        /// Told what maintenance did; called from its thread.
        package var notice: @Sendable (MaintenanceNotice) -> Void = { _ in }

        package init() {}
    }

    package let directory: DataDirectory
    /// The space on its disk, shared with the blobs of the same directory.
    package let space: DiskSpace
    package let identity: StoreIdentity
    /// What opening each log found, in the order of the schemas.
    package let recovery: [RecoveryReport]
    /// Index files that were made again, because they were missing or not what they should be.
    package let rebuiltIndexPaths: [String]
    let collections: [String: DocumentCollection]
    let maintenance: Maintenance
    private let maintainsItself: Bool
    /// Given up by `close`.
    private let lock: NIOLockedValueBox<DirectoryLock?>

    /// Opens a data directory, making it where there is none, and every collection in it.
    ///
    /// Blocks while the records that are in no sealed segment are read once.
    /// - Throws: ``StoreError/locked(path:owner:)`` where another process serves it, and the cases after it;
    ///   ``StorageError/corrupt(_:)`` where a log is corrupt and the options do not let it be.
    ///   Nothing is repaired but the torn tail of a log, which `recovery` reports.
    package static func open(
        _ directory: String,
        schemas: [CollectionSchema],
        options: Options = Options(),
        on disk: any Disk,
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) throws(StoreError) -> Store {
        let directory = DataDirectory(directory)
        try StoreError.wrap(disk.ensureDirectory(directory.path))
        let lock = try DirectoryLock(directory, on: disk)
        let identity = try StoreIdentity(of: directory, on: disk, clock: clock)
        try StoreError.wrap(disk.ensureDirectory(directory.collections))
        try StoreError.wrap(disk.synchronizeDirectory(directory.collections))
        let space = DiskSpace(
            in: directory.path,
            reserveByteCount: options.reserveByteCount,
            every: options.maintainsItself ? .milliseconds(500) : nil,
            on: disk
        ) { clock().microseconds }
        let maintenance = Maintenance(options, space, clock)
        let frameCache = FrameCache(byteCountMax: options.frameCacheByteCountMax)
        var collections: [DocumentCollection] = []
        for schema in schemas {
            var logOptions = SegmentLog.Options(
                name: schema.name,
                directory: directory.collection(schema.name),
                clock: clock
            )
            logOptions.parentIsDurable = true
            logOptions.opensDamaged = options.servesDamaged
            logOptions.segmentByteCountMax = options.segmentByteCountMax
            logOptions.frameCache = frameCache
            logOptions.space = space
            logOptions.didClose = { maintenance.ask() }
            let collection = try StoreError.wrap(space.usingReserve(DocumentCollection(schema, logOptions, on: disk)))
            collections.append(collection)
        }
        if options.maintainsItself { maintenance.begin(collections) }
        return Store(
            directory,
            space,
            identity,
            collections,
            lock,
            maintenance,
            maintainsItself: options.maintainsItself
        )
    }

    private init(
        _ directory: DataDirectory,
        _ space: DiskSpace,
        _ identity: StoreIdentity,
        _ collections: [DocumentCollection],
        _ lock: DirectoryLock,
        _ maintenance: Maintenance,
        maintainsItself: Bool
    ) {
        self.maintenance = maintenance
        self.maintainsItself = maintainsItself
        self.directory = directory
        self.space = space
        self.identity = identity
        self.lock = NIOLockedValueBox(lock)
        recovery = collections.map(\.recovery)
        rebuiltIndexPaths = collections.flatMap(\.rebuiltIndexPaths)
        self.collections = Dictionary(uniqueKeysWithValues: collections.map { ($0.schema.name, $0) })
    }

    /// Returns a collection by its name.
    ///
    /// - Precondition: It is one of the schemas the store was opened with.
    package func collection(_ name: String) -> DocumentCollection {
        guard let collection = collections[name] else { preconditionFailure("no schema is called \(name)") }
        return collection
    }

    /// Where each collection is known to be damaged; see ``DocumentCollection/damage``.
    package var damage: [(collection: String, places: [Corruption])] {
        collections.values.map { ($0.schema.name, $0.damage) }.filter { !$0.1.isEmpty }.sorted { $0.0 < $1.0 }
    }

    /// Seals, merges and drops what is due, and returns when nothing more is; makes the reserve again if it can.
    ///
    /// - Throws: The first failure; the other collections are maintained all the same.
    package func maintain() async throws(StorageError) {
        if let failure = await maintenance.round(Array(collections.values)) { throw failure }
    }

    /// Waits for the writes under way, closes every log and gives the directory up to others.
    ///
    /// - Throws: The first failure; the others are closed all the same.
    package func close() async throws(StorageError) {
        await maintenance.end()
        if maintainsItself { await maintenance.settle(Array(collections.values)) }
        var failure: StorageError?
        for collection in collections.values {
            do { try await collection.close() } catch { failure = failure ?? error }
        }
        lock.withLockedValue { $0 = nil }
        if let failure { throw failure }
    }
}
