internal import Disk

/// The names in a data directory that belong to the store: the one place where they are made.
///
///     DIR/ledge.json            what the directory is: ``StoreIdentity``
///     DIR/lock                  held by the process that serves it, and its id
///     DIR/reserve               space that is kept back: ``DiskSpace``
///     DIR/collections/<name>/   one log per collection, in the hands of ``SegmentLog``
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
