internal import Disk
internal import Glibc

/// A directory of the real file system that is removed with its contents when this object is released.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// Creates an empty directory below `/tmp`.
    ///
    /// - Throws: The failed call.
    package init() throws {
        var template = Array("/tmp/ledge-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw StorageError.disk(DiskError(call: .mkdir, path: "/tmp/ledge-test-XXXXXX", code: errno))
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // Files that cannot be removed are left to the system's cleaning of /tmp.
        do { try Self.remove(path) } catch {}
    }

    private static func remove(_ path: String) throws(StorageError) {
        let disk = PosixDisk()
        for name in try disk.list(path) {
            let child = "\(path)/\(name)"
            if try disk.entry(child)?.kind == .directory { try remove(child) } else { try disk.remove(child) }
        }
        try disk.removeDirectory(path)
    }
}
