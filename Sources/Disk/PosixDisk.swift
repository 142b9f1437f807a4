internal import Glibc

/// The file system of the operating system.
///
/// With a root, a directory that it keeps open, all paths in the root are found relative to it: see ``RootDirectory``.
/// Everything that it creates is for its owner only.
package struct PosixDisk: Disk {
    /// Where a path is: a name relative to an open directory.
    struct Place {
        let directory: Int32
        let name: String
        let isInRoot: Bool
    }

    package let failedDirectories = FailedDirectories()
    private let rootDirectory: RootDirectory?

    package init() {
        rootDirectory = nil
    }

    /// Opens the directory at `path`, which must exist, as the root.
    package init(root path: String) throws(StorageError) {
        rootDirectory = try RootDirectory(path)
    }

    package var root: String? { rootDirectory?.path }

    package var rootState: RootState { rootDirectory?.state ?? .inPlace }

    private func find<Value>(
        _ path: String,
        for call: DiskError.Call,
        _ body: (Place) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        guard let rootDirectory, rootDirectory.contains(path) else {
            return try body(Place(directory: AT_FDCWD, name: path, isInRoot: false))
        }
        return try rootDirectory.find(path, for: call, body)
    }

    package func open(_ path: String, _ intent: OpenIntent) throws(StorageError) -> Descriptor {
        try find(path, for: .open) { place throws(StorageError) in
            let number = place.open(intent.flags)
            guard number >= 0 else { throw .failed(.open, path, place.code(errno)) }
            if place.isInRoot, intent != .directory, let code = Self.refusal(of: number) {
                _ = Glibc.close(number)
                throw .failed(.open, path, code)
            }
            return Descriptor(number: number)
        }
    }

    /// Why an open file is not one of Ledge's; nil for a regular file.
    private static func refusal(of number: Int32) -> Int32? {
        var status = stat()
        guard fstat(number, &status) == 0 else { return errno }
        switch DirectoryEntry.Kind(mode: status.st_mode) {
        case .file: return nil
        case .directory: return EISDIR
        case .other: return ENXIO
        }
    }

    package func close(_ file: Descriptor, path: String) throws(StorageError) {
        // Linux closes the descriptor even when it reports EINTR; a retry could close another thread's file.
        guard Glibc.close(file.number) == 0 || errno == EINTR else {
            throw .failed(.close, path, errno)
        }
    }

    package func read(
        _ file: Descriptor,
        path: String,
        at offset: Int64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(StorageError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = retryingInterrupts { pread(file.number, rest.baseAddress, rest.count, off_t(offset) + done) }
            guard count >= 0 else { throw .failed(.pread, path, errno) }
            guard count > 0 else { break }
            done += count
        }
        return done
    }

    package func write(
        _ file: Descriptor,
        path: String,
        at offset: Int64,
        _ bytes: UnsafeRawBufferPointer
    ) throws(StorageError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = retryingInterrupts { pwrite(file.number, rest.baseAddress, rest.count, off_t(offset) + done) }
            guard count > 0 else { throw .failed(.pwrite, path, count < 0 ? errno : EIO) }
            done += count
        }
    }

    package func truncate(_ file: Descriptor, path: String, to byteCount: Int64) throws(StorageError) {
        guard retryingInterrupts({ ftruncate(file.number, Int(byteCount)) }) == 0 else {
            throw .failed(.ftruncate, path, errno)
        }
    }

    package func allocate(_ file: Descriptor, path: String, to byteCount: Int64) throws(StorageError) {
        var code: Int32
        repeat { code = posix_fallocate(file.number, 0, off_t(byteCount)) } while code == EINTR
        guard code == 0 else { throw .failed(.fallocate, path, code) }
    }

    package func synchronize(_ file: Descriptor, path: String) throws(StorageError) {
        guard fdatasync(file.number) == 0 else { throw .failed(.fdatasync, path, errno) }
        guard try status(of: file, path: path).st_nlink > 0 else { throw .failed(.fdatasync, path, ENOENT) }
    }

    package func byteCount(_ file: Descriptor, path: String) throws(StorageError) -> Int64 {
        Int64(try status(of: file, path: path).st_size)
    }

    private func status(of file: Descriptor, path: String) throws(StorageError) -> stat {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw .failed(.fstat, path, errno) }
        return status
    }

    package func lock(_ file: Descriptor, path: String) throws(StorageError) -> Bool {
        if retryingInterrupts({ flock(file.number, LOCK_EX | LOCK_NB) }) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw .failed(.flock, path, errno) }
        return false
    }

    package func entry(_ path: String) throws(StorageError) -> DirectoryEntry? {
        var status = stat()
        do {
            try find(path, for: .stat) { place throws(StorageError) in
                let flags = place.isInRoot ? AT_SYMLINK_NOFOLLOW : 0
                guard fstatat(place.directory, place.name, &status, flags) == 0 else {
                    throw .failed(.stat, path, errno)
                }
            }
        } catch {
            if error.isMissing || error.isNotADirectory { return nil }
            throw error
        }
        return DirectoryEntry(
            kind: DirectoryEntry.Kind(mode: status.st_mode),
            byteCount: Int64(status.st_size),
            modifiedMicroseconds: Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1_000,
            isOpenToOthers: status.st_mode & 0o077 != 0
        )
    }

    package func list(_ path: String) throws(StorageError) -> [String] {
        let number = try openDirectory(path, for: .readdir)
        guard let stream = fdopendir(number) else {
            let code = errno
            _ = Glibc.close(number)
            throw .failed(.readdir, path, code)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = Glibc.readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw .failed(.readdir, path, errno) }
        return names.sorted()
    }

    package func createDirectory(_ path: String) throws(StorageError) {
        try find(path, for: .mkdir) { place throws(StorageError) in
            guard mkdirat(place.directory, place.name, 0o700) == 0 else { throw .failed(.mkdir, path, errno) }
        }
    }

    package func rename(_ path: String, to newPath: String) throws(StorageError) {
        try find(path, for: .rename) { old throws(StorageError) in
            try find(newPath, for: .rename) { new throws(StorageError) in
                guard renameat(old.directory, old.name, new.directory, new.name) == 0 else {
                    throw .failed(.rename, path, errno)
                }
            }
        }
    }

    package func remove(_ path: String) throws(StorageError) {
        try find(path, for: .unlink) { place throws(StorageError) in
            guard unlinkat(place.directory, place.name, 0) == 0 else { throw .failed(.unlink, path, errno) }
        }
    }

    package func removeDirectory(_ path: String) throws(StorageError) {
        try find(path, for: .rmdir) { place throws(StorageError) in
            guard unlinkat(place.directory, place.name, AT_REMOVEDIR) == 0 else { throw .failed(.rmdir, path, errno) }
        }
    }

    package func synchronizeNames(in path: String) throws(StorageError) {
        let number = try openDirectory(path, for: .open)
        let code = fsync(number) == 0 ? 0 : errno
        _ = Glibc.close(number)
        guard code == 0 else { throw .failed(.fsync, path, code) }
    }

    private func openDirectory(_ path: String, for call: DiskError.Call) throws(StorageError) -> Int32 {
        try find(path, for: call) { place throws(StorageError) in
            let number = place.open(OpenIntent.directory.flags)
            guard number >= 0 else { throw .failed(call, path, place.code(errno)) }
            return number
        }
    }

    package func freeByteCount(_ path: String) throws(StorageError) -> Int64 {
        try find(path, for: .statvfs) { place throws(StorageError) in
            let number = place.open(O_RDONLY)
            guard number >= 0 else { throw .failed(.statvfs, path, place.code(errno)) }
            defer { _ = Glibc.close(number) }
            var status = statvfs()
            guard fstatvfs(number, &status) == 0 else { throw .failed(.statvfs, path, errno) }
            return Int64(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).0)
        }
    }
}

extension PosixDisk.Place {
    /// Opens the file or directory; a new file is for its owner only.
    ///
    /// In the root neither a link is followed nor a named pipe waited for.
    fileprivate func open(_ flags: Int32) -> Int32 {
        let flags = flags | O_CLOEXEC | (isInRoot ? O_NOFOLLOW | O_NONBLOCK : 0)
        return retryingInterrupts { openat(directory, name, flags, 0o600) }
    }

    /// Returns the code of a failed opening: `ELOOP` for a link, also where the kernel only sees that it is no directory.
    func code(_ code: Int32) -> Int32 {
        guard isInRoot, code == ENOTDIR else { return code }
        var status = stat()
        guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return code }
        return status.st_mode & S_IFMT == S_IFLNK ? ELOOP : code
    }
}

extension OpenIntent {
    fileprivate var flags: Int32 {
        switch self {
        case .read: O_RDONLY
        case .update: O_RDWR
        case .create: O_RDWR | O_CREAT | O_EXCL
        case .updateOrCreate: O_RDWR | O_CREAT
        case .directory: O_RDONLY | O_DIRECTORY
        }
    }
}

extension DirectoryEntry.Kind {
    fileprivate init(mode: mode_t) {
        self =
            switch mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            default: .other
            }
    }
}

/// Repeats a call while it is interrupted by a signal.
private func retryingInterrupts<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
