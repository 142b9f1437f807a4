internal import Glibc

/// A failed file-system call: its name, path and `errno`.
package struct DiskError: Error, Sendable, Hashable {
    /// The calls of ``Disk``, by their kernel names.
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
    /// The condition ends when space is freed. A failed sync is excluded: whether its bytes are durable is unknown,
    /// whatever the cause.
    package var isNoSpace: Bool {
        (code == ENOSPC || code == EDQUOT) && !isSync
    }

    /// Whether the call was one that makes bytes or names durable.
    package var isSync: Bool {
        call == .fdatasync || call == .fsync
    }

    /// Whether the path does not exist.
    package var isMissing: Bool {
        code == ENOENT
    }

    /// Whether this process lacks permission for the path.
    package var isForbidden: Bool {
        code == EACCES || code == EPERM
    }

    /// Whether the path already exists.
    package var isExisting: Bool {
        code == EEXIST
    }

    /// Whether a part of the path is not a directory.
    package var isNotADirectory: Bool {
        code == ENOTDIR
    }
}

extension DiskError {
    /// The failure without its path, for clients: `fdatasync: Input/output error`.
    package var reason: String {
        "\(call.rawValue): \(text)"
    }

    /// The kernel's text, or the meaning where that does not follow from it.
    private var text: String {
        switch (call, code) {
        case (_, ELOOP): "it is, or is in, a symbolic link, which is not followed in a data directory"
        case (.open, ENXIO): "it is not a regular file"
        case (.mkdir, ENOTDIR): "it is not a directory, or not in one; links are not followed in a data directory"
        case (.fdatasync, ENOENT): "the file was removed while it was open"
        default: String(cString: strerror(code))
        }
    }
}

extension DiskError: CustomStringConvertible {
    /// For the log and the operator's terminal: `pwrite data/x.jsonl: No space left on device (28)`.
    package var description: String {
        "\(call.rawValue) \(path): \(text) (\(code))"
    }
}
