package import Disk
internal import Glibc
internal import NIOConcurrencyHelpers

extension FaultDisk: Disk {
    package func open(_ path: String, _ intent: OpenIntent) throws(StorageError) -> Descriptor {
        let isMade = { (state: borrowing State) in
            switch intent {
            case .create: true
            case .updateOrCreate: state.tree.node(at: path) == nil
            case .read, .update, .directory: false
            }
        }
        return try perform(.open, path, mutates: isMade) { state, _ throws(MemoryTree.Failure) in
            let node: Node
            if intent == .directory {
                node = .directory(try state.tree.directory(at: path))
            } else {
                let isNew = isMade(state)
                let file = try isNew ? state.tree.createFile(at: path) : state.tree.file(at: path)
                if isNew { state.tree.files[file].modifiedMicroseconds = state.nowMicroseconds }
                state.tree.files[file].openCount += 1
                node = .file(file)
            }
            state.lastDescriptor += 1
            let isWritable = intent != .read && intent != .directory
            state.descriptors[state.lastDescriptor] = OpenFile(path: path, node: node, isWritable: isWritable)
            return Descriptor(number: state.lastDescriptor)
        }
    }

    package func close(_ file: Descriptor, path: String) throws(StorageError) {
        try perform(.close, path, mutates: never) { state, _ throws(MemoryTree.Failure) in
            let node = try state.node(of: file, for: .close, path)
            state.descriptors[file.number] = nil
            if case .file(let index) = node { state.tree.files[index].openCount -= 1 }
            if state.tree.lockHolders[node] == file.number { state.tree.lockHolders[node] = nil }
        }
    }

    package func read(
        _ file: Descriptor,
        path: String,
        at offset: Int64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(StorageError) -> Int {
        try perform(.pread, path, mutates: never) { state, _ throws(MemoryTree.Failure) in
            let index = try state.file(of: file, for: .pread, path)
            guard offset >= 0 else { throw MemoryTree.Failure(code: EINVAL) }
            return state.tree.files[index].bytes.withUnsafeBytes { bytes in
                let start = min(Int(offset), bytes.count)
                let count = min(buffer.count, bytes.count - start)
                UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
                return count
            }
        }
    }

    package func write(
        _ file: Descriptor,
        path: String,
        at offset: Int64,
        _ bytes: UnsafeRawBufferPointer
    ) throws(StorageError) {
        try perform(.pwrite, path, mutates: always) { state, portion throws(MemoryTree.Failure) in
            let index = try state.file(of: file, for: .pwrite, path)
            guard offset >= 0 else { throw MemoryTree.Failure(code: EINVAL) }
            let wanted = portion == .failing ? bytes.count / 2 : bytes.count
            let fitting = state.fittingByteCount(index, at: Int(offset), wanted)
            state.tree.files[index].write(UnsafeRawBufferPointer(rebasing: bytes[..<fitting]), at: Int(offset))
            state.tree.files[index].modifiedMicroseconds = state.nowMicroseconds
            guard fitting == wanted else { throw MemoryTree.Failure(code: ENOSPC) }
        }
    }

    package func truncate(_ file: Descriptor, path: String, to byteCount: Int64) throws(StorageError) {
        try perform(.ftruncate, path, mutates: always) { state, _ throws(MemoryTree.Failure) in
            let index = try state.file(of: file, for: .ftruncate, path)
            guard byteCount >= 0 else { throw MemoryTree.Failure(code: EINVAL) }
            state.tree.files[index].resize(to: Int(byteCount))
            state.tree.files[index].modifiedMicroseconds = state.nowMicroseconds
        }
    }

    package func allocate(_ file: Descriptor, path: String, to byteCount: Int64) throws(StorageError) {
        try perform(.fallocate, path, mutates: always) { state, portion throws(MemoryTree.Failure) in
            let index = try state.file(of: file, for: .fallocate, path)
            let count = state.tree.files[index].bytes.count
            let missing = max(0, Int(byteCount) - count)
            let fitting = min(portion == .failing ? missing / 2 : missing, Int(clamping: state.freeByteCount))
            state.tree.files[index].resize(to: count + fitting)
            guard fitting == missing || portion == .failing else { throw MemoryTree.Failure(code: ENOSPC) }
        }
    }

    package func synchronize(_ file: Descriptor, path: String) throws(StorageError) {
        try perform(.fdatasync, path, mutates: always) { state, portion throws(MemoryTree.Failure) in
            let index = try state.file(of: file, for: .fdatasync, path)
            if state.failedFiles.contains(file.number) {
                state.violations.append("fdatasync \(path): repeated after it has failed")
            }
            if portion != .whole { state.failedFiles.insert(file.number) }
            if portion == .whole {
                state.tree.files[index].synchronize()
                guard state.tree.files[index].nameCount > 0 else { throw MemoryTree.Failure(code: ENOENT) }
            } else {
                state.tree.files[index].failToSynchronize()
            }
        }
    }

    package func byteCount(_ file: Descriptor, path: String) throws(StorageError) -> Int64 {
        try perform(.fstat, path, mutates: never) { state, _ throws(MemoryTree.Failure) in
            Int64(state.tree.files[try state.file(of: file, for: .fstat, path)].bytes.count)
        }
    }

    package func lock(_ file: Descriptor, path: String) throws(StorageError) -> Bool {
        try perform(.flock, path, mutates: never) { state, _ throws(MemoryTree.Failure) in
            let node = try state.node(of: file, for: .flock, path)
            let holder = state.tree.lockHolders[node]
            if holder == nil { state.tree.lockHolders[node] = file.number }
            return holder == nil || holder == file.number
        }
    }

    package func entry(_ path: String) throws(StorageError) -> DirectoryEntry? {
        try perform(.stat, path, mutates: never) { state, _ throws(MemoryTree.Failure) in
            switch state.tree.node(at: path) {
            case .file(let index):
                let file = state.tree.files[index]
                return DirectoryEntry(
                    kind: .file,
                    byteCount: Int64(file.bytes.count),
                    modifiedMicroseconds: file.modifiedMicroseconds,
                    isOpenToOthers: false
                )
            case .directory:
                return DirectoryEntry(kind: .directory, byteCount: 4096, modifiedMicroseconds: 0, isOpenToOthers: false)
            case nil:
                return nil
            }
        }
    }

    package func list(_ path: String) throws(StorageError) -> [String] {
        try perform(.readdir, path, mutates: never) { state, _ throws(MemoryTree.Failure) in
            state.tree.directories[try state.tree.directory(at: path)].entries.keys.sorted()
        }
    }

    package func createDirectory(_ path: String) throws(StorageError) {
        try perform(.mkdir, path, mutates: always) { state, _ throws(MemoryTree.Failure) in
            try state.tree.createDirectory(at: path)
        }
    }

    package func rename(_ path: String, to newPath: String) throws(StorageError) {
        try perform(.rename, path, mutates: always) { state, _ throws(MemoryTree.Failure) in
            try state.tree.rename(path, to: newPath)
        }
    }

    package func remove(_ path: String) throws(StorageError) {
        try perform(.unlink, path, mutates: always) { state, _ throws(MemoryTree.Failure) in
            try state.tree.removeFile(at: path)
        }
    }

    package func removeDirectory(_ path: String) throws(StorageError) {
        try perform(.rmdir, path, mutates: always) { state, _ throws(MemoryTree.Failure) in
            try state.tree.removeDirectory(at: path)
        }
    }

    package func synchronizeNames(in path: String) throws(StorageError) {
        try perform(.fsync, path, mutates: always) { state, portion throws(MemoryTree.Failure) in
            let index = try state.tree.directory(at: path)
            if state.failedNames.contains(index) {
                state.violations.append("fsync \(path): repeated after it has failed")
            }
            if portion == .whole {
                state.tree.directories[index].synchronize()
            } else {
                state.failedNames.insert(index)
            }
        }
    }

    package func freeByteCount(_ path: String) throws(StorageError) -> Int64 {
        try perform(.statvfs, path, mutates: never) { state, _ throws(MemoryTree.Failure) in
            guard state.tree.node(at: path) != nil else { throw MemoryTree.Failure(code: ENOENT) }
            return state.freeByteCount
        }
    }
}
