package import Disk
internal import Glibc

/// The right to serve a data directory, which one process has until it gives it up or ends, however it ends.
///
/// The kernel's lock on the `lock` file decides. The file says whose it is, `4711\n`, only to tell whoever is refused;
/// that note need not survive anything and is left behind.
package final class DirectoryLock: Sendable {
    private let file: File

    /// - Throws: ``StoreError/locked(path:owner:)`` where another process serves the directory.
    package init(_ directory: DataDirectory, on disk: any Disk) throws(StoreError) {
        file = try StoreError.wrap(File(directory.lock, .updateOrCreate, on: disk))
        guard try StoreError.wrap(file.lock()) else {
            throw .locked(path: directory.lock, owner: try StoreError.wrap(Self.owner(in: file)))
        }
        try StoreError.wrap(note())
    }

    /// Writes down whose the lock is; a full disk keeps the note from being written, not the server from reading.
    private func note() throws(StorageError) {
        do {
            try file.truncate(to: 0)
            try file.write(Array("\(getpid())\n".utf8), at: 0)
        } catch {
            guard error.isNoSpace else { throw error }
        }
    }

    private static func owner(in file: File) throws(StorageError) -> Int32? {
        let note = try file.bytes(at: 0, count: 20)
        return String(decoding: note, as: UTF8.self).split(separator: "\n").first.flatMap { Int32($0) }
    }
}
