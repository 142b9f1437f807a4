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

        package init() {}
    }

    package let directory: DataDirectory
    package let identity: StoreIdentity
    /// What opening each log found, in the order of the schemas.
    package let recovery: [RecoveryReport]
    private let collections: [String: Collection]
    /// Given up by `close`.
    private let lock: NIOLockedValueBox<DirectoryLock?>

    /// Opens a data directory, making it where there is none, and every collection in it.
    ///
    /// Blocks while every record is read once.
    /// - Throws: ``StoreError/locked(path:owner:)`` where another process serves it, and everything from
    ///   ``StoreError/disk(_:)`` on; ``StoreError/damaged(_:)`` where a log is corrupt. Nothing is repaired but the
    ///   torn tail of a log, which `recovery` reports.
    package static func open(
        _ directory: String,
        schemas: [CollectionSchema],
        options: Options = Options(),
        on disk: any Disk,
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) throws(StoreError) -> Store {
        let directory = DataDirectory(directory)
        do throws(DiskError) { try disk.ensureDirectory(directory.path) } catch { throw .disk(error) }
        let lock = try DirectoryLock(directory, on: disk)
        let identity = try StoreIdentity(of: directory, on: disk, clock: clock)
        do throws(DiskError) { try disk.ensureDirectory(directory.collections) } catch { throw .disk(error) }
        var collections: [Collection] = []
        for schema in schemas {
            var logOptions = SegmentLog.Options(
                name: schema.name,
                directory: directory.collection(schema.name),
                clock: clock
            )
            logOptions.segmentByteCountMax = options.segmentByteCountMax
            collections.append(try Collection(schema, logOptions, on: disk))
        }
        return Store(directory, identity, collections, lock)
    }

    private init(
        _ directory: DataDirectory,
        _ identity: StoreIdentity,
        _ collections: [Collection],
        _ lock: DirectoryLock
    ) {
        self.directory = directory
        self.identity = identity
        self.lock = NIOLockedValueBox(lock)
        recovery = collections.map(\.recovery)
        self.collections = Dictionary(uniqueKeysWithValues: collections.map { ($0.schema.name, $0) })
    }

    /// Returns a collection by its name.
    ///
    /// - Precondition: It is one of the schemas the store was opened with.
    package func collection(_ name: String) -> Collection {
        guard let collection = collections[name] else { preconditionFailure("no schema is called \(name)") }
        return collection
    }

    /// Waits for the writes under way, closes every log and gives the directory up to others.
    ///
    /// - Throws: The first failure; the others are closed all the same.
    package func close() async throws(StoreError) {
        var failure: StoreError?
        for collection in collections.values {
            do throws(StoreError) { try await collection.close() } catch { failure = failure ?? error }
        }
        lock.withLockedValue { $0 = nil }
        if let failure { throw failure }
    }
}
