internal import Glibc

/// A file-system call that failed: which one, on what, and why.
package struct DiskError: Error, Sendable, Hashable {
    /// The calls of ``Disk``, by the name the kernel gives them.
    package enum Call: String, Sendable, CaseIterable {
        case open, close, pread, pwrite, ftruncate, fdatasync, fstat, flock, stat, readdir
        case mkdir, rename, unlink, rmdir, statvfs, mmap, fallocate
        /// `fsync` of a directory.
        case fsync
    }

    package let call: Call
    package let path: String
    /// The kernel's `errno`, for example `ENOSPC`.
    package let code: Int32

    package init(call: Call, path: String, code: Int32) {
        self.call = call
        self.path = path
        self.code = code
    }

    /// Whether the disk, or the owner's quota, is full.
    ///
    /// It passes when space is freed. That cannot be said of a sync, which leaves the bytes in doubt whatever its reason.
    package var isNoSpace: Bool {
        (code == ENOSPC || code == EDQUOT) && !isSync
    }

    /// Whether the call was one that makes bytes or names durable.
    package var isSync: Bool {
        call == .fdatasync || call == .fsync
    }

    /// Whether there is nothing at the path.
    package var isMissing: Bool {
        code == ENOENT
    }

    /// Whether this process may not touch what is at the path.
    package var isForbidden: Bool {
        code == EACCES || code == EPERM
    }

    /// Whether something stands at the path already.
    package var isExisting: Bool {
        code == EEXIST
    }
}

extension DiskError {
    /// What went wrong, for those who may not see paths: `fdatasync: Input/output error`.
    package var reason: String {
        "\(call.rawValue): \(String(cString: strerror(code)))"
    }
}

extension DiskError: CustomStringConvertible {
    /// For the log and the operator's terminal: `pwrite data/x.jsonl: No space left on device (28)`.
    package var description: String {
        "\(call.rawValue) \(path): \(String(cString: strerror(code))) (\(code))"
    }
}
