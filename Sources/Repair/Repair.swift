internal import Blobs
internal import Catalog
package import Disk
internal import Federation
internal import Index
internal import JSON
internal import SegmentLog
internal import Store

/// The repair of a damaged data directory, as far as its own bytes allow.
///
/// Planning reads every byte and changes nothing. Applying first copies the files that it replaces or removes into
/// `repair-backups/`, so that it can be undone. Damaged blobs are listed and not changed: only a backup has their bytes, and
/// their undamaged parts can still be read.
/// Source: docs/OPERATIONS.md, "Repair".
package struct Repair {
    /// The steps of the repair, and the damage that it cannot repair.
    package private(set) var actions: [RepairAction] = []

    let directory: DataDirectory
    let disk: any Disk
    private(set) var logs: [LogRepair] = []
    /// Damaged index files.
    private(set) var damagedIndexPaths: [String] = []
    private(set) var makesIdentity = false
    private let advance: (Int64) -> Void
    private var readByteCount: Int64 = 0

    /// Reads the data directory at `path`, and passes the number of blob bytes read so far to `advance`.
    ///
    /// - Throws: ``RepairError`` if it is not a data directory, or a file cannot be read.
    package init(
        _ path: String,
        on disk: any Disk,
        advance: @escaping (Int64) -> Void = { _ in }
    ) throws(RepairError) {
        directory = DataDirectory(path)
        self.disk = disk
        self.advance = advance
        guard try RepairError.wrap(disk.entry(directory.collections))?.kind == .directory else {
            throw .notADataDirectory(path)
        }
        try planIdentity()
        for name in try RepairError.wrap(disk.list(directory.collections)) { try RepairError.wrap(planLog(name)) }
        try RepairError.wrap(findDamagedBlobs())
    }

    /// Whether a repair is needed.
    package var isNeeded: Bool { makesIdentity || !touchedPaths.isEmpty || !createdPaths.isEmpty }

    /// Files that will be replaced or removed.
    var touchedPaths: [String] {
        logs.flatMap(\.touchedPaths) + damagedIndexPaths + (makesIdentity ? [directory.identity] : [])
    }

    /// Files that will be created.
    var createdPaths: [String] { logs.flatMap(\.createdPaths) }

    private mutating func planIdentity() throws(RepairError) {
        do throws(StoreError) {
            guard try StoreIdentity.read(directory, on: disk) == nil else { return }
            actions.append(RepairAction(directory.identity, .makeIdentity(isMissing: true)))
        } catch {
            guard case .storage(.corrupt) = error else { throw .store(error) }
            actions.append(RepairAction(directory.identity, .makeIdentity(isMissing: false)))
        }
        makesIdentity = true
    }

    private mutating func planLog(_ name: String) throws(StorageError) {
        let path = directory.collection(name)
        guard try disk.entry(path)?.kind == .directory else { return }
        let log = try LogRepair(log: name, directory: path, on: disk)
        actions += log.steps.map(RepairAction.init)
        if !log.steps.isEmpty { logs.append(log) }
        guard let schema = Resource.allSchemas.first(where: { $0.name == name }) else { return }
        for segment in log.sealedSegments {
            try planIndex(of: segment, path, schema)
        }
    }

    private mutating func planIndex(
        of segment: SegmentSummary,
        _ directory: String,
        _ schema: CollectionSchema
    ) throws(StorageError) {
        let outcome = try IndexFileCheck.run(of: segment, in: directory, schema.indexSchema, on: disk)
        guard case .unusable(let reason) = outcome else { return }
        let path = IndexFileCheck.path(of: segment, in: directory)
        damagedIndexPaths.append(path)
        actions.append(RepairAction(path, .removeIndex(reason: reason)))
    }

    private mutating func findDamagedBlobs() throws(StorageError) {
        for entry in try BlobCheck.entries(in: directory.path, on: disk) where entry.kind != .foreign {
            let found = try BlobCheck.check(entry, on: disk)
            readByteCount += found.storedByteCount
            advance(readByteCount)
            for violation in found.violations where entry.kind != .unfinishedUpload {
                actions.append(RepairAction(violation.path, .leave(violation)))
            }
        }
    }
}
