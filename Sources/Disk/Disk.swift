/// The file-system calls that all other modules use.
///
/// `PosixDisk` performs them. In tests, `FaultDisk` keeps files in memory, discards unsynced bytes at a simulated power
/// cut, and fails any call with any `errno`. Therefore no other module calls the kernel itself.
///
/// Each call blocks. Callers must not make them on Swift's cooperative threads, except for one bounded read of cached
/// pages.
///
/// What survives a power cut:
///
/// - bytes of a file, once `synchronize` on it has returned;
/// - the name of a file or directory, once `synchronizeDirectory` on its parent has returned.
package protocol Disk: Sendable {
    /// Opens a file and returns its descriptor, to be closed once.
    func open(_ path: String, _ intent: OpenIntent) throws(StorageError) -> Descriptor

    /// Closes a descriptor. It is invalid afterwards even if the call throws.
    func close(_ file: Descriptor, path: String) throws(StorageError)

    /// Reads at `offset` until `buffer` is full or the file ends, and returns how many bytes were read.
    func read(
        _ file: Descriptor,
        path: String,
        at offset: Int64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(StorageError) -> Int

    /// Writes all of `bytes` at `offset`. If it throws, any part of them may have been written.
    func write(
        _ file: Descriptor,
        path: String,
        at offset: Int64,
        _ bytes: UnsafeRawBufferPointer
    ) throws(StorageError)

    /// Cuts or extends a file to `byteCount` bytes.
    func truncate(_ file: Descriptor, path: String, to byteCount: Int64) throws(StorageError)

    /// Makes a file at least `byteCount` bytes long and allocates disk space for all of them.
    ///
    /// Unwritten bytes read as zeros. If it throws, some of the space may have been allocated. On a file system that
    /// cannot preallocate, a byte of each block is written instead.
    func allocate(_ file: Descriptor, path: String, to byteCount: Int64) throws(StorageError)

    /// Returns when the bytes of a file, and its length, are on stable storage (`fdatasync`).
    ///
    /// After a failure the kernel may have dropped the dirty pages and a second call may succeed without them (Rebello
    /// et al., "Can Applications Recover from fsync Failures?", ATC 2020), so it is never repeated;
    /// ``File/synchronize()`` ensures this.
    ///
    /// Fails with `ENOENT` if the file was removed: its bytes end with the last descriptor.
    func synchronize(_ file: Descriptor, path: String) throws(StorageError)

    /// Returns the length of an open file in bytes.
    func byteCount(_ file: Descriptor, path: String) throws(StorageError) -> Int64

    /// Takes the exclusive advisory lock of an open file, or returns false if another process holds it.
    ///
    /// The file may be a directory. The lock is released when the descriptor is closed or its process ends for any reason.
    func lock(_ file: Descriptor, path: String) throws(StorageError) -> Bool

    /// Returns the entry at a path, or nil if there is none.
    func entry(_ path: String) throws(StorageError) -> DirectoryEntry?

    /// Returns the names in a directory, sorted, without `.` and `..`.
    func list(_ path: String) throws(StorageError) -> [String]

    /// Creates one directory for its owner only (mode 0700); its parent must exist, and it must not.
    func createDirectory(_ path: String) throws(StorageError)

    /// Renames a file, replacing an existing file of the new name.
    func rename(_ path: String, to newPath: String) throws(StorageError)

    /// Removes a file.
    func remove(_ path: String) throws(StorageError)

    /// Removes an empty directory.
    func removeDirectory(_ path: String) throws(StorageError)

    /// Returns when the names in a directory are on stable storage (`fsync`).
    ///
    /// Never called again for a directory after it has failed; ``synchronizeDirectory(_:)`` ensures this.
    func synchronizeNames(in path: String) throws(StorageError)

    /// The directories whose sync has failed in this process.
    var failedDirectories: FailedDirectories { get }

    /// Returns how many bytes an unprivileged process can still write below a path.
    func freeByteCount(_ path: String) throws(StorageError) -> Int64

    /// The path of the directory that the disk has open; nil if it finds every file by its whole path.
    var root: String? { get }

    /// Where the root is now.
    var rootState: RootState { get }
}

extension Disk {
    package var root: String? { nil }
    package var rootState: RootState { .inPlace }
}

/// An open file, identified by the number that its `Disk` assigned.
package struct Descriptor: Sendable, Hashable {
    package let number: Int32

    package init(number: Int32) {
        self.number = number
    }
}

/// How a file is opened.
///
/// No case truncates: replacing a file's bytes in place halves the speed of the write (ext4 flushes on close) and loses
/// both versions in a crash. New bytes are written under a new name.
package enum OpenIntent: Sendable, Hashable {
    /// An existing file, read only.
    case read
    /// An existing file, read and written.
    case update
    /// A new file, read and written; it must not exist. Only its owner may open it (mode 0600).
    case create
    /// A file that is created as by ``create`` if it is missing, read and written.
    case updateOrCreate
    /// An existing directory, to be locked.
    case directory
}

/// Where the root of a disk is; see ``Disk/root``.
package enum RootState: Sendable, Hashable {
    case inPlace
    /// Its path now names another directory, or none. Files are still found in it.
    case moved
    /// It was removed: nothing new can be stored in it.
    case removed
}

/// A file or directory at a path.
package struct DirectoryEntry: Sendable, Hashable {
    /// The kinds of directory entries.
    package enum Kind: Sendable, Hashable {
        case file, directory, other
    }

    package let kind: Kind
    package let byteCount: Int64
    /// When its bytes last changed, in microseconds since 1970.
    package let modifiedMicroseconds: Int64
    /// Whether its mode grants any permission to group or others.
    package let isOpenToOthers: Bool

    package init(kind: Kind, byteCount: Int64, modifiedMicroseconds: Int64, isOpenToOthers: Bool) {
        self.kind = kind
        self.byteCount = byteCount
        self.modifiedMicroseconds = modifiedMicroseconds
        self.isOpenToOthers = isOpenToOthers
    }
}
