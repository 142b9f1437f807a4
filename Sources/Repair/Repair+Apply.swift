package import Disk
package import JSON
internal import SegmentLog
internal import Store

extension Repair {
    /// Does what was planned, and returns where in `lost+found` everything it replaced or removed is kept.
    ///
    /// A crash in between leaves a directory that can be repaired again, and the copies.
    /// - Precondition: The caller has the directory's lock since before it was planned.
    package func apply(at now: Timestamp) throws(StorageError) -> String {
        let copies = try LostAndFound(keeping: touchedPaths, of: directory, at: now, on: disk)
        for log in logs { try log.apply() }
        if makesIdentity { try StoreIdentity.renew(directory, at: now, on: disk) }
        for path in damagedIndexPaths {
            // One whose segment was written again is gone already.
            if try disk.entry(path) != nil { try disk.remove(path) }
            try disk.synchronizeDirectory(disk.directory(of: path))
        }
        try copies.finish(touchedPaths + createdPaths)
        return copies.path
    }
}
