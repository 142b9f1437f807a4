package import Disk
internal import Glibc

/// The lock of a data directory, which one process holds until it releases it or ends for any reason.
///
/// It is the kernel's lock on the `lock` file. The file contains the owner's process id, `4711\n`, only for the message
/// of other processes; it is not durable and not removed.
package final class DirectoryLock: Sendable {
    private let file: File

    /// - Throws: ``StoreError/locked(path:owner:)`` if another process serves the directory.
    package init(_ directory: DataDirectory, on disk: any Disk) throws(StoreError) {
        file = try StoreError.wrap(File(directory.lock, .updateOrCreate, on: disk))
        guard try StoreError.wrap(file.lock()) else {
            throw .locked(path: directory.lock, owner: try StoreError.wrap(Self.owner(in: file)))
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

    private static func owner(in file: File) throws(StorageError) -> Int32? {
        let note = try file.bytes(at: 0, count: 20)
        return String(decoding: note, as: UTF8.self).split(separator: "\n").first.flatMap { Int32($0) }
    }
}
