/// Writing whole files and trees of directories so that they are either there or not.
extension Disk {
    /// Replaces the file at `path` by `bytes`: after a crash it holds the old bytes or the new, never a mixture.
    ///
    /// Writes `<path>.new`, syncs it, renames it over `path`, syncs the directory. When this returns, the new bytes
    /// survive a power cut. Nothing is written where a sync of the directory has failed before. A leftover `.new` file of
    /// an earlier crash is overwritten. A private file is one that only its owner may open, from its first byte on.
    package func publish(_ bytes: [UInt8], at path: String, isPrivate: Bool = false) throws(StorageError) {
        try publish(at: path, isPrivate: isPrivate) { file throws(StorageError) in try file.write(bytes, at: 0) }
    }

    /// The same for a file that `write` fills, in as many pieces as it likes.
    package func publish(
        at path: String,
        isPrivate: Bool = false,
        _ write: (File) throws(StorageError) -> Void
    ) throws(StorageError) {
        if let failure = failedDirectories.failure(of: directory(of: path)) { throw failure }
        let newPath = path + ".new"
        if try entry(newPath) != nil { try remove(newPath) }
        let file = try File(newPath, isPrivate ? .createPrivate : .create, on: self)
        try write(file)
        try file.synchronize()
        try rename(newPath, to: path)
        try synchronizeDirectory(directory(of: path))
    }

    /// Makes a directory, and those above it that are missing, so that they survive a power cut.
    ///
    /// The names of those that stand already are synced again, up to the root: an earlier process may have died
    /// between making one and syncing it. A directory that may not be opened is none we made a name in.
    package func ensureDirectory(_ path: String) throws(StorageError) {
        let parent = directory(of: path)
        if parent != "." && parent != "/" { try ensureDirectory(parent) }
        let stands = try entry(path) != nil
        do {
            if !stands { try createDirectory(path) }
        } catch {
            guard error.isExisting else { throw error }
        }
        do {
            try synchronizeDirectory(parent)
        } catch {
            guard stands, error.isForbidden else { throw error }
        }
    }

    /// Returns all bytes of a file of at most `byteCountMax` bytes, or nil where there is none.
    package func contents(of path: String, byteCountMax: Int = 16 << 20) throws(StorageError) -> [UInt8]? {
        guard let entry = try entry(path) else { return nil }
        return try File(path, .read, on: self).bytes(at: 0, count: Int(min(entry.byteCount, Int64(byteCountMax))))
    }

    /// Removes a directory with the files in it, one level deep, and makes that durable.
    package func removeTree(_ path: String) throws(StorageError) {
        for name in try list(path) { try remove("\(path)/\(name)") }
        try removeDirectory(path)
        try synchronizeDirectory(directory(of: path))
    }

    /// The directory a path's last name stands in: `.` for a bare name.
    package func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
