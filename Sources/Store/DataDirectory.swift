package import Disk

/// The paths in a data directory that belong to the store.
///
///     DIR/ledge.json            identity of the directory: ``StoreIdentity``
///     DIR/lock                  id of the process that serves it: ``DirectoryLock``
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

    /// The names that a directory may have before it is a data directory: of the file system, of a start that a crash
    /// interrupted, and of the secret that earlier builds created without the rest.
    static let earlyNames: Set = ["lost+found", "lock", "ledge.json.new", "token-secret", "token-secret.new"]
    /// The names of what is stored, which exist only after the identity.
    static let storedNames: Set = ["collections", "uploads", "blobs"]

    /// Returns the names in the directory to whose files other users have access; nil if they cannot reach the directory.
    package func namesOpenToOthers(on disk: any Disk) throws(StorageError) -> [String]? {
        guard try disk.entry(path)?.isOpenToOthers == true else { return nil }
        var names: [String] = []
        for name in try disk.list(path) where try disk.entry("\(path)/\(name)")?.isOpenToOthers == true {
            names.append(name)
        }
        return names
    }

    package func collection(_ name: String) -> String { "\(collections)/\(name)" }
}
