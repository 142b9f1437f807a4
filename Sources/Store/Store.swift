package import Disk
package import JSON
internal import NIOConcurrencyHelpers
package import SegmentLog

/// The collections of one data directory, served by one process at a time.
///
/// After a crash at any moment, `open` finds every acknowledged document; unacknowledged writes are either complete or
/// absent.
package final class Store: Sendable {
    /// The options of all collections.
    package struct Options: Sendable {
        /// The size in bytes at which a segment is closed and the next one begun; see ``SegmentLog/Options``.
        package var segmentByteCountMax: Int64 = 64 << 20
        /// The maximum number of bytes of lines in a merged segment.
        ///
        /// Larger segments are fewer, for operations that scan all of them, such as the first count of a filter: 20
        /// instead of 80 for 10 million events. The cost is that each byte is compressed twice, and that retention
        /// deletes pieces of that size.
        package var mergedByteCountMax: Int64 { min(segmentByteCountMax * 10, 1 << 30) }
        /// The size in bytes of the cache of decompressed records, for all collections together.
        package var frameCacheByteCountMax = 16 << 20
        /// Whether collections with damaged segments are served nevertheless, without the lost records; see
        /// ``DocumentCollection/damage``.
        package var servesDamaged = false
        /// The retention of each collection of events, by its name.
        package var retention: [String: Retention] = [:]
        /// Whether a directory with files that are not Ledge's may become a data directory.
        package var allowsOtherFiles = false
        /// Whether segments are sealed, merged and dropped automatically; otherwise by ``Store/maintain()``.
        package var maintainsItself = false
        /// The size in bytes from which on an active segment is sealed at closing, if the store maintains itself: a
        /// start reads a smaller one in a few milliseconds.
        package var settledByteCountMin: Int64 = 4 << 20
        /// The size in bytes of the reserve for deletions on a full disk; 0 removes an existing reserve, nil leaves it
        /// unchanged.
        package var reserveByteCount: Int64?
        /// How long sealing at closing may take: it delays the end of the server, and without it the next start only
        /// reads more.
        package var settlingTimeMax: Duration = .seconds(1)
        /// Called with each step of maintenance, on its thread.
        package var notice: @Sendable (MaintenanceNotice) -> Void = { _ in }

        package init() {}
    }

    package let directory: DataDirectory
    /// The space on its disk, shared with the blobs of the same directory.
    package let space: DiskSpace
    package let identity: StoreIdentity
    /// Whether opening has made the directory a data directory.
    package let isNew: Bool
    /// The findings of opening each log, in the order of the schemas.
    package let recovery: [RecoveryReport]
    /// Index files that were rebuilt, because they were missing or unusable.
    package let rebuiltIndexPaths: [String]
    let collections: [String: DocumentCollection]
    let clock: StoreClock
    let maintenance: Maintenance
    let watch: RootWatch
    private let maintainsItself: Bool
    /// Released by `close`.
    private let lock: NIOLockedValueBox<DirectoryLock?>

    /// Opens a data directory, which is created if it does not exist, and every collection in it.
    ///
    /// Blocks while the records of all segments that are not sealed are read.
    /// - Throws: ``StoreError/locked(path:owner:)`` if another process serves it, and the cases after it;
    ///   ``StorageError/corrupt(_:)`` if a log is corrupt and the options do not allow it. Only the torn tail of a log
    ///   is repaired, which `recovery` reports.
    package static func open(
        _ directory: String,
        schemas: [CollectionSchema],
        options: Options = Options(),
        on disk: any Disk,
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() },
        uptime: @escaping @Sendable () -> Duration = Store.makeUptime()
    ) throws(StoreError) -> Store {
        let directory = DataDirectory(directory)
        try StoreError.wrap(disk.ensureDirectory(directory.path))
        let isNew = try StoreIdentity.isMissing(in: directory, allowingFiles: options.allowsOtherFiles, on: disk)
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
        let watch = RootWatch(directory, on: disk, notice: options.notice, clock: clock)
        let maintenance = Maintenance(options, space, watch, clock)
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
        let storeClock = StoreClock(collections, wall: clock, uptime: uptime)
        if options.maintainsItself { maintenance.begin(collections, storeClock) }
        return Store(
            directory,
            space,
            identity,
            isNew: isNew,
            collections,
            storeClock,
            lock,
            maintenance,
            watch,
            maintainsItself: options.maintainsItself
        )
    }

    private init(
        _ directory: DataDirectory,
        _ space: DiskSpace,
        _ identity: StoreIdentity,
        isNew: Bool,
        _ collections: [DocumentCollection],
        _ clock: StoreClock,
        _ lock: DirectoryLock,
        _ maintenance: Maintenance,
        _ watch: RootWatch,
        maintainsItself: Bool
    ) {
        self.clock = clock
        self.maintenance = maintenance
        self.watch = watch
        self.isNew = isNew
        self.maintainsItself = maintainsItself
        self.directory = directory
        self.space = space
        self.identity = identity
        self.lock = NIOLockedValueBox(lock)
        recovery = collections.map(\.recovery)
        rebuiltIndexPaths = collections.flatMap(\.rebuiltIndexPaths)
        self.collections = Dictionary(uniqueKeysWithValues: collections.map { ($0.schema.name, $0) })
    }

    /// Returns a clock that begins now and never goes back.
    package static func makeUptime() -> @Sendable () -> Duration {
        let start = ContinuousClock.now
        return { ContinuousClock.now - start }
    }

    /// The time by which events and uploads expire: that of the clock, unless it seems to be far ahead.
    package var expiryTime: Timestamp { clock.expiryTime }

    /// Returns a collection by its name.
    ///
    /// - Precondition: It is one of the schemas the store was opened with.
    package func collection(_ name: String) -> DocumentCollection {
        guard let collection = collections[name] else { preconditionFailure("no schema is called \(name)") }
        return collection
    }

    /// The known damage of each collection; see ``DocumentCollection/damage``.
    package var damage: [(collection: String, places: [Corruption])] {
        collections.values.map { ($0.schema.name, $0.damage) }.filter { !$0.1.isEmpty }.sorted { $0.0 < $1.0 }
    }

    /// Seals, merges and drops all due segments; restores the reserve if possible.
    ///
    /// - Throws: The first failure; the other collections are maintained nevertheless.
    package func maintain() async throws(StorageError) {
        if let failure = await maintenance.round(Array(collections.values), clock) { throw failure }
    }

    /// Waits for pending writes, closes every log and releases the directory's lock.
    ///
    /// - Throws: The first failure; the other logs are closed nevertheless.
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
