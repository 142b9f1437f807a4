internal import Disk
internal import JSON
internal import Zstd

/// The files of one upload: creates, completes, moves and removes them.
///
/// Every step blocks. A token is redeemed when `uploads/<id>/` is removed. After a crash between any two steps there is either a complete
/// upload (its file in `uploads/`, in `blobs/`, or under both names) that can be claimed again, or a stored blob. No
/// document refers to a blob whose upload still has a directory.
///
/// Moving requires that the file system renames between directories in one transaction, as ext4, XFS and Btrfs do.
struct UploadDirectory: Sendable {
    /// Where an upload continues.
    struct Start {
        let data: File
        let journal: File
        var journalByteCount: Int64
        var position = UploadWriter.Position()
        var digest = ContentDigest()
        var receivedByteCount: Int64 = 0
        var lastChunk: UploadState.Chunk?
        var lastActivity: Timestamp
    }

    let id: BlobID
    let context: BlobContext

    var disk: any Disk { context.disk }
    var paths: BlobPaths { context.paths }

    /// Creates the files of a new upload; it survives a power cut when this returns.
    func create(_ header: UploadJournal.Header) throws(StorageError) -> Upload {
        try disk.createDirectory(paths.upload(id))
        let data = try File(paths.data(of: id), .create, on: disk)
        let journal = try File(paths.journal(of: id), .create, on: disk)
        let line = UploadJournal.line(header)
        try journal.write(line, at: 0)
        try journal.synchronize()
        try disk.synchronizeDirectory(paths.upload(id))
        try disk.synchronizeDirectory(paths.uploads)
        let start = Start(
            data: data,
            journal: journal,
            journalByteCount: Int64(line.count),
            lastActivity: header.createdAt
        )
        return Upload(header, from: start, in: self)
    }

    /// Gives the data file its final name, durably.
    func finish() throws(StorageError) {
        try disk.rename(paths.data(of: id), to: paths.complete(id))
        try disk.synchronizeDirectory(paths.upload(id))
    }

    /// Opens the complete file; nil if there is none.
    func completeFile() throws(StorageError) -> BlobReader? {
        guard let path = try completePath() else { return nil }
        return try BlobReader(id, at: path, contexts: context.contexts, on: disk)
    }

    /// Returns where the complete file is: in the upload, or among the blobs if a crash interrupted claiming.
    func completePath() throws(StorageError) -> String? {
        if try exists(paths.complete(id)) { return paths.complete(id) }
        if try !exists(paths.data(of: id)), try exists(paths.blob(id)) { return paths.blob(id) }
        return nil
    }

    /// Moves the complete file to the blobs and removes the upload; after a failure it can be repeated.
    func moveToBlobs() throws(StorageError) {
        try disk.ensureDirectory(paths.directory(of: id))
        if try exists(paths.complete(id)) { try disk.rename(paths.complete(id), to: paths.blob(id)) }
        // The new name first: a power cut between the two finds the file under both, or under the old one.
        try disk.synchronizeDirectory(paths.directory(of: id))
        try disk.synchronizeDirectory(paths.upload(id))
        try disk.removeTree(paths.upload(id))
    }

    /// Removes the upload, and a blob that an interrupted claim left.
    func remove() throws(StorageError) {
        try context.freeing(removeFiles())
    }

    private func removeFiles() throws(StorageError) {
        if try exists(paths.blob(id)) {
            try disk.remove(paths.blob(id))
            try disk.synchronizeDirectory(paths.directory(of: id))
        }
        try disk.removeTree(paths.upload(id))
    }

    func exists(_ path: String) throws(StorageError) -> Bool {
        try disk.entry(path) != nil
    }
}
