internal import Glibc

/// The file system of the operating system.
package struct PosixDisk: Disk {
    package let failedDirectories = FailedDirectories()

    package init() {}

    package func open(_ path: String, _ intent: OpenIntent) throws(StorageError) -> Descriptor {
        let number = retryingInterrupts { Glibc.open(path, intent.flags | O_CLOEXEC, intent.mode) }
        guard number >= 0 else { throw .failed(.open, path, errno) }
        return Descriptor(number: number)
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

    package func map(_ file: Descriptor, path: String) throws(StorageError) -> MappedBytes {
        let byteCount = try byteCount(file, path: path)
        guard let mapped = MappedBytes(descriptor: file.number, byteCount: Int(byteCount)) else {
            throw .failed(.mmap, path, errno)
        }
        return mapped
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
    }

    package func byteCount(_ file: Descriptor, path: String) throws(StorageError) -> Int64 {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw .failed(.fstat, path, errno) }
        return Int64(status.st_size)
    }

    package func lock(_ file: Descriptor, path: String) throws(StorageError) -> Bool {
        if retryingInterrupts({ flock(file.number, LOCK_EX | LOCK_NB) }) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw .failed(.flock, path, errno) }
        return false
    }

    package func entry(_ path: String) throws(StorageError) -> DirectoryEntry? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .failed(.stat, path, errno)
        }
        return DirectoryEntry(
            kind: DirectoryEntry.Kind(mode: status.st_mode),
            byteCount: Int64(status.st_size),
            modifiedMicroseconds: Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1_000,
            isOpenToOthers: status.st_mode & 0o077 != 0
        )
    }

    package func list(_ path: String) throws(StorageError) -> [String] {
        guard let stream = opendir(path) else { throw .failed(.readdir, path, errno) }
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
        guard mkdir(path, 0o755) == 0 else { throw .failed(.mkdir, path, errno) }
    }

    package func rename(_ path: String, to newPath: String) throws(StorageError) {
        guard Glibc.rename(path, newPath) == 0 else { throw .failed(.rename, path, errno) }
    }

    package func remove(_ path: String) throws(StorageError) {
        guard unlink(path) == 0 else { throw .failed(.unlink, path, errno) }
    }

    package func removeDirectory(_ path: String) throws(StorageError) {
        guard rmdir(path) == 0 else { throw .failed(.rmdir, path, errno) }
    }

    package func synchronizeNames(in path: String) throws(StorageError) {
        let number = retryingInterrupts { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard number >= 0 else { throw .failed(.open, path, errno) }
        let code = fsync(number) == 0 ? 0 : errno
        _ = Glibc.close(number)
        guard code == 0 else { throw .failed(.fsync, path, code) }
    }

    package func freeByteCount(_ path: String) throws(StorageError) -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw .failed(.statvfs, path, errno) }
        return Int64(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).0)
    }
}

extension OpenIntent {
    fileprivate var flags: Int32 {
        switch self {
        case .read: O_RDONLY
        case .update: O_RDWR
        case .create, .createPrivate: O_RDWR | O_CREAT | O_EXCL
        case .updateOrCreate: O_RDWR | O_CREAT
        }
    }

    /// The mode of a new file, before the process's umask.
    fileprivate var mode: mode_t {
        switch self {
        case .createPrivate: 0o600
        case .read, .update, .create, .updateOrCreate: 0o644
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
