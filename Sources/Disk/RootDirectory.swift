internal import Glibc

/// A directory that stays open, so that paths in it lead into this directory wherever it is moved to.
///
/// No link is followed in it: in a directory that someone else prepared, it could redirect reads and writes to any file.
/// The path to the directory itself may contain links.
final class RootDirectory: Sendable {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws(StorageError) {
        var path = path
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        self.path = path
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed(.open, path, errno) }
    }

    deinit {
        close(descriptor)
    }

    /// Whether a path is this directory or in it.
    func contains(_ path: String) -> Bool {
        let rest = path.utf8.dropFirst(self.path.utf8.count)
        return path.utf8.starts(with: self.path.utf8)
            && (rest.isEmpty || rest.first == UInt8(ascii: "/") || self.path == "/")
    }

    /// Calls `body` with the open parent directory of a path in this directory, and the last name of the path.
    ///
    /// - Throws: An error of `call` if a directory on the way is missing or a link; what `body` throws.
    func find<Value>(
        _ path: String,
        for call: DiskError.Call,
        _ body: (PosixDisk.Place) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        let rest = path.utf8.dropFirst(self.path.utf8.count)
        var names = rest.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        guard !names.contains("..") else { throw .failed(call, path, EINVAL) }
        let name = names.popLast() ?? "."
        var parent = descriptor
        defer { if parent != descriptor { close(parent) } }
        for name in names {
            let place = PosixDisk.Place(directory: parent, name: name, isInRoot: true)
            let next = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { throw .failed(call, path, place.code(errno)) }
            if parent != descriptor { close(parent) }
            parent = next
        }
        return try body(PosixDisk.Place(directory: parent, name: name, isInRoot: true))
    }

    /// Where the directory is now.
    var state: RootState {
        var opened = stat()
        guard fstat(descriptor, &opened) == 0, opened.st_nlink > 0 else { return .removed }
        var named = stat()
        guard stat(path, &named) == 0, named.st_dev == opened.st_dev, named.st_ino == opened.st_ino else {
            return .moved
        }
        return .inPlace
    }
}
