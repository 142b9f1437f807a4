internal import Disk
internal import Glibc

/// A directory of the machine's own file system that goes with this object, whatever was put in it.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// Makes an empty directory below `/tmp`.
    ///
    /// - Throws: The call that failed.
    package init() throws {
        var template = Array("/tmp/ledge-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw StorageError.disk(DiskError(call: .mkdir, path: "/tmp/ledge-test-XXXXXX", code: errno))
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // What cannot be removed is left to the machine's own cleaning of /tmp.
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
