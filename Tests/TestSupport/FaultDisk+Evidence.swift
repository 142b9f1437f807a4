package import Disk
internal import Glibc
internal import NIOConcurrencyHelpers

/// Access for tests to the state of the disk, and damage; not counted as calls.
extension FaultDisk {
    /// How many calls have changed the disk, or tried to.
    package var mutationCount: Int {
        state.withLockedValue { $0.mutations.count }
    }

    /// The calls that have changed the disk, or tried to, in order; call number `n` is at index `n - 1`.
    package var mutations: [RecordedCall] {
        state.withLockedValue { $0.mutations }
    }

    /// Incorrect uses of the disk: calls on closed descriptors, writes through read-only ones, a sync that is repeated
    /// after it has failed.
    package var violations: [String] {
        state.withLockedValue { $0.violations }
    }

    package var openDescriptorCount: Int {
        state.withLockedValue { $0.descriptors.count }
    }

    /// The path by which each open descriptor was opened, sorted.
    package var openPaths: [String] {
        state.withLockedValue { $0.descriptors.values.map(\.path).sorted() }
    }

    /// Every path on the disk, sorted; directories end in `/`.
    package var paths: [String] {
        state.withLockedValue { $0.tree.paths }
    }

    /// The current bytes of a file, or nil if it does not exist.
    package func bytes(of path: String) -> [UInt8]? {
        state.withLockedValue { state in
            guard case .file(let index) = state.tree.node(at: path) else { return nil }
            return state.tree.files[index].bytes
        }
    }

    /// Returns the durable bytes of the file at a path; its name may not be durable.
    package func durableBytes(of path: String) -> [UInt8]? {
        state.withLockedValue { state in
            guard case .file(let index) = state.tree.node(at: path) else { return nil }
            return state.tree.files[index].durableBytes
        }
    }

    /// How often the file or directory at a path has been synced.
    package func synchronizationCount(of path: String) -> Int {
        state.withLockedValue { state in
            switch state.tree.node(at: path) {
            case .file(let index): state.tree.files[index].synchronizationCount
            case .directory(let index): state.tree.directories[index].synchronizationCount
            case nil: 0
            }
        }
    }

    /// Replaces all bytes of a file, durably.
    ///
    /// - Throws: `ENOENT` or `EISDIR` if there is no file at `path`.
    package func replaceBytes(of path: String, with bytes: [UInt8]) throws(StorageError) {
        try damage(path) { $0 = bytes }
    }

    /// Flips one bit of a file, durably; bit 0 is the lowest of the first byte.
    ///
    /// - Throws: `ENOENT` or `EISDIR` if there is no file at `path`.
    package func flipBit(_ bit: Int, of path: String) throws(StorageError) {
        try damage(path) { $0[bit / 8] ^= 1 << (bit % 8) }
    }

    /// Changes the bytes of a file, durably.
    package func damage(_ path: String, _ change: (inout [UInt8]) -> Void) throws(StorageError) {
        let result = state.withLockedValue { state in
            Result { () throws(MemoryTree.Failure) in
                let index = try state.tree.file(at: path)
                var bytes = state.tree.files[index].bytes
                change(&bytes)
                state.tree.files[index].replace(with: bytes)
            }
        }
        do {
            try result.get()
        } catch {
            throw .disk(DiskError(call: .pwrite, path: path, code: error.code))
        }
    }
}
