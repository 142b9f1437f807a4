internal import Disk
internal import JSON
internal import Zstd

/// The last steps of an upload on disk, into the blobs or away; each blocks.
///
/// A token is used up when `uploads/<id>/` is gone. The order of the steps leaves, after a crash between any two of
/// them, either a complete upload (its file in `uploads/`, or in `blobs/`, or under both names) that can be claimed
/// again, or a stored blob. A blob beside a leftover upload directory was never handed out, so nothing refers to it.
///
/// Moving relies on the file system doing a rename between directories in one transaction, as ext4, XFS and Btrfs do.
struct UploadDeparture: Sendable {
    private let id: BlobID
    private let paths: BlobPaths
    private let disk: any Disk
    private let contexts: ZstdContexts
    private let shop: BlobWorkshop

    init(_ id: BlobID, shop: BlobWorkshop) {
        self.id = id
        paths = shop.paths
        disk = shop.disk
        contexts = shop.contexts
        self.shop = shop
    }

    /// Reads what the complete file says about itself, wherever it stands.
    func description() throws(StorageError) -> BlobDescription {
        do {
            return try reader(at: paths.complete(id)).description
        } catch {
            guard error.isMissing else { throw error }
            return try reader(at: paths.blob(id)).description
        }
    }

    /// Moves the complete file and removes the upload; asked again after a failure it goes on.
    func moveToBlobs() throws(StorageError) {
        try disk.ensureDirectory(paths.shelf(of: id))
        if try disk.entry(paths.complete(id)) != nil {
            try disk.rename(paths.complete(id), to: paths.blob(id))
        }
        // The new name first: a power cut between the two finds the file under both, or under the old one.
        try disk.synchronizeDirectory(paths.shelf(of: id))
        try disk.synchronizeDirectory(paths.upload(id))
        try disk.removeTree(paths.upload(id))
    }

    /// Removes the upload, and a blob that a crash in the middle of claiming has left.
    func remove() throws(StorageError) {
        try shop.freeing(removeFiles())
    }

    private func removeFiles() throws(StorageError) {
        if try disk.entry(paths.blob(id)) != nil {
            try disk.remove(paths.blob(id))
            try disk.synchronizeDirectory(paths.shelf(of: id))
        }
        try disk.removeTree(paths.upload(id))
    }

    private func reader(at path: String) throws(StorageError) -> BlobReader {
        try BlobReader(id, at: path, contexts: contexts, on: disk)
    }
}
