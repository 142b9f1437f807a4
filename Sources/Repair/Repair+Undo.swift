package import Disk
internal import JSON
internal import Store

extension Repair {
    /// Undoes the newest repair of a directory that was not undone yet, and returns the directory with its copies.
    ///
    /// - Precondition: The caller has the directory's lock.
    /// - Throws: ``RepairError/nothingToUndo(_:)``; ``RepairError/malformedBackup(_:)``; as ``RepairBackup/undo()`` does.
    package static func undo(_ path: String, on disk: any Disk) throws(RepairError) -> String {
        let directory = DataDirectory(path)
        guard let newest = try newest(in: directory, on: disk) else { throw .nothingToUndo(path) }
        try newest.undo()
        return newest.path
    }

    private static func newest(in directory: DataDirectory, on disk: any Disk) throws(RepairError) -> RepairBackup? {
        let backups = try RepairError.wrap(instants(in: directory.repairBackups, on: disk))
        let earlier = try RepairError.wrap(instantsOfEarlierBuilds(in: directory.lostAndFound, on: disk))
        for (_, path) in (backups + earlier).sorted(by: >) {
            let backup = try RepairBackup(path, of: directory, on: disk)
            if let backup, backup.state == .done { return backup }
        }
        return nil
    }

    /// The backups in `lost+found`; none if that is a directory of the file system, which only root can read.
    private static func instantsOfEarlierBuilds(
        in path: String,
        on disk: any Disk
    ) throws(StorageError) -> [(instant: String, path: String)] {
        do throws(StorageError) {
            return try instants(in: path, on: disk)
        } catch {
            guard error.isForbidden else { throw error }
            return []
        }
    }

    /// The entries of a directory that are named after an instant, as backups are.
    private static func instants(
        in path: String,
        on disk: any Disk
    ) throws(StorageError) -> [(instant: String, path: String)] {
        guard try disk.entry(path)?.kind == .directory else { return [] }
        return try disk.list(path).filter { Timestamp(parsing: $0) != nil }.map { ($0, "\(path)/\($0)") }
    }
}
