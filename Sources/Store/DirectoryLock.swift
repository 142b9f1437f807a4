package import Disk
internal import Glibc

/// The lock of a data directory, which one process holds until it releases it or ends for any reason.
///
/// It is the kernel's lock on the directory itself, so it cannot be removed or replaced with a file. The `lock` file is
/// locked too, which excludes earlier builds, and contains the owner's process id, `4711\n`, for the message of other
/// processes; it is not durable.
package final class DirectoryLock: Sendable {
    private let directory: File
    private let file: File

    /// - Throws: ``StoreError/locked(path:owner:)`` if another process serves the directory.
    package init(_ directory: DataDirectory, on disk: any Disk) throws(StoreError) {
        self.directory = try StoreError.wrap(File(directory.path, .directory, on: disk))
        guard try StoreError.wrap(self.directory.lock()) else {
            throw .locked(path: directory.path, owner: try StoreError.wrap(Self.owner(of: directory, on: disk)))
        }
        file = try StoreError.wrap(File(directory.lock, .updateOrCreate, on: disk))
        guard try StoreError.wrap(file.lock()) else {
            throw .locked(path: directory.lock, owner: try StoreError.wrap(Self.owner(of: directory, on: disk)))
        }
        try StoreError.wrap(note())
    }

    /// Writes the owner's process id; on a full disk it is not written, but the server can start.
    private func note() throws(StorageError) {
        do {
            try file.truncate(to: 0)
            try file.write(Array("\(getpid())\n".utf8), at: 0)
        } catch {
            guard error.isNoSpace else { throw error }
        }
    }

    private static func owner(of directory: DataDirectory, on disk: any Disk) throws(StorageError) -> Int32? {
        let note = try disk.contents(of: directory.lock, byteCountMax: 20) ?? []
        return String(decoding: note, as: UTF8.self).split(separator: "\n").first.flatMap { Int32($0) }
    }
}
