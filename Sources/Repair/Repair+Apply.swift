package import Disk
package import JSON
internal import SegmentLog
internal import Store

extension Repair {
    /// Applies the plan, and returns the directory in `repair-backups` with the files that were replaced or removed.
    ///
    /// A crash during it leaves a directory that can be repaired again, and the backup.
    /// - Precondition: The caller has held the directory's lock since before the repair was planned.
    package func apply(at now: Timestamp) throws(StorageError) -> String {
        let backup = try RepairBackup(keeping: touchedPaths, of: directory, at: now, on: disk)
        for log in logs { try log.apply() }
        if makesIdentity { try StoreIdentity.renew(directory, at: now, on: disk) }
        for path in damagedIndexPaths {
            // The index of a rewritten segment is removed already.
            if try disk.entry(path) != nil { try disk.remove(path) }
            try disk.synchronizeDirectory(disk.directory(of: path))
        }
        try backup.finish(touchedPaths + createdPaths)
        return backup.path
    }
}
