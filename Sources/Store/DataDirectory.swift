internal import Disk

/// The paths in a data directory that belong to the store.
///
///     DIR/ledge.json            identity of the directory: ``StoreIdentity``
///     DIR/lock                  lock and id of the process that serves it
///     DIR/reserve               reserved disk space: ``DiskSpace``
///     DIR/collections/<name>/   one log per collection: ``SegmentLog``
///     DIR/repair-backups/       files that repairs replaced or removed
package struct DataDirectory: Sendable, Hashable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    package var identity: String { "\(path)/ledge.json" }
    package var lock: String { "\(path)/lock" }
    package var reserve: String { DiskSpace.path(in: path) }
    package var repairBackups: String { "\(path)/repair-backups" }
    /// Created by the file system if the directory is a mount point, and ignored; earlier builds kept backups in it.
    package var lostAndFound: String { "\(path)/lost+found" }
    package var collections: String { "\(path)/collections" }

    package func collection(_ name: String) -> String { "\(collections)/\(name)" }
}
