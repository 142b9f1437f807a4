internal import Glibc

/// Atomic creation and replacement of files and directories.
extension Disk {
    /// Replaces the file at `path` by `bytes`: after a crash it contains the old bytes or the new ones, never a
    /// mixture.
    ///
    /// Writes `<path>.new`, syncs it, renames it over `path`, syncs the directory. When this returns, the new bytes
    /// survive a power cut. Throws before it writes anything if a sync of the directory has failed earlier. A leftover
    /// `.new` file of an earlier crash is overwritten.
    package func publish(_ bytes: [UInt8], at path: String) throws(StorageError) {
        try publish(at: path) { file throws(StorageError) in try file.write(bytes, at: 0) }
    }

    /// Replaces the file at `path` by the bytes that `write` writes, in any number of pieces.
    package func publish(at path: String, _ write: (File) throws(StorageError) -> Void) throws(StorageError) {
        if let failure = failedDirectories.failure(of: directory(of: path)) { throw failure }
        let newPath = path + ".new"
        if try entry(newPath) != nil { try remove(newPath) }
        let file = try File(newPath, .create, on: self)
        try write(file)
        try file.synchronize()
        try rename(newPath, to: path)
        try synchronizeDirectory(directory(of: path))
    }

    /// Creates a directory and its missing parents, so that they survive a power cut.
    ///
    /// The names of existing directories are synced again, up to the root: an earlier process may have died between
    /// creating one and syncing it. Directories that cannot be opened for lack of permission are skipped, and the disk's
    /// own root and its parents.
    package func ensureDirectory(_ path: String) throws(StorageError) {
        guard path != root else { return }
        let parent = directory(of: path)
        if parent != "." && parent != "/" { try ensureDirectory(parent) }
        let kind = try entry(path)?.kind
        guard kind == nil || kind == .directory else { throw .failed(.mkdir, path, ENOTDIR) }
        let exists = kind != nil
        do {
            if !exists { try createDirectory(path) }
        } catch {
            guard error.isExisting else { throw error }
        }
        do {
            try synchronizeDirectory(parent)
        } catch {
            guard exists, error.isForbidden else { throw error }
        }
    }

    /// Returns all bytes of a file of at most `byteCountMax` bytes, or nil if it does not exist.
    package func contents(of path: String, byteCountMax: Int = 16 << 20) throws(StorageError) -> [UInt8]? {
        guard try entry(path) != nil else { return nil }
        do {
            // The length of the opened file: a server may have replaced the one that was at the path.
            let file = try File(path, .read, on: self)
            return try file.bytes(at: 0, count: Int(min(file.byteCount, Int64(byteCountMax))))
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// Removes a directory and the files in it, one level deep, and syncs the removal.
    package func removeTree(_ path: String) throws(StorageError) {
        for name in try list(path) { try remove("\(path)/\(name)") }
        try removeDirectory(path)
        try synchronizeDirectory(directory(of: path))
    }

    /// Returns the parent directory of a path: `.` for a bare name.
    package func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
