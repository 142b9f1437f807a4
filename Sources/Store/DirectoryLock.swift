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
        let isOurs: Bool
        do throws(DiskError) {
            file = try File(directory.lock, .updateOrCreate, on: disk)
            isOurs = try file.lock()
            if isOurs { try note() }
        } catch {
            throw .disk(error)
        }
        guard isOurs else { throw .locked(path: directory.lock, owner: try Self.owner(in: file)) }
    }

    /// Writes down whose the lock is; a full disk keeps the note from being written, not the server from reading.
    private func note() throws(DiskError) {
        do {
            try file.truncate(to: 0)
            try file.write(Array("\(getpid())\n".utf8), at: 0)
        } catch {
            guard error.isNoSpace else { throw error }
        }
    }

    private static func owner(in file: File) throws(StoreError) -> Int32? {
        let note: [UInt8]
        do { note = try file.bytes(at: 0, count: 20) } catch { throw .disk(error) }
        return String(decoding: note, as: UTF8.self).split(separator: "\n").first.flatMap { Int32($0) }
    }
}
