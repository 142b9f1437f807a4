internal import Disk
package import JSON
internal import SegmentLog
internal import Store

extension Repair {
    /// Does what was planned, and returns where in `lost+found` everything it replaced or removed is kept.
    ///
    /// A crash in between leaves a directory that can be repaired again, and the copies.
    /// - Precondition: The caller has the directory's lock since before it was planned.
    /// - Throws: ``RepairError/disk(_:)``, ``RepairError/log(_:)``.
    package func apply(at now: Timestamp) throws(RepairError) -> String {
        let shelf: LostAndFound
        do throws(DiskError) {
            shelf = try LostAndFound(keeping: touchedPaths, of: directory, at: now, on: disk)
        } catch {
            throw .disk(error)
        }
        do throws(SegmentError) {
            for log in logs { try log.apply() }
        } catch {
            throw .log(error)
        }
        do throws(DiskError) {
            if makesIdentity { try StoreIdentity.renew(directory, at: now, on: disk) }
            for path in damagedIndexPaths {
                // One whose segment was written again is gone already.
                if try disk.entry(path) != nil { try disk.remove(path) }
                try disk.synchronizeDirectory(disk.directory(of: path))
            }
            try shelf.finish(touchedPaths + createdPaths)
        } catch {
            throw .disk(error)
        }
        return shelf.path
    }
}
