internal import Disk
internal import Glibc

/// Files and directories in memory, accessed by path, without faults.
///
/// Absolute and relative paths start at the same root; `.` and empty names are skipped. Errors are plain `errno`
/// numbers, because only the caller knows which call it was.
struct MemoryTree {
    /// Why a call on a path fails.
    struct Failure: Error {
        let code: Int32
    }

    var files: [MemoryFile] = []
    var directories = [MemoryDirectory()]
    /// The descriptor that holds the lock of a file or directory.
    var lockHolders: [Node: Int32] = [:]

    /// Returns the entry at a path, or nil if there is none.
    func node(at path: String) -> Node? {
        do { return try find(path) } catch { return nil }
    }

    /// Returns the entry at a path.
    private func find(_ path: String) throws(Failure) -> Node {
        var node = Node.directory(0)
        for name in Self.names(in: path) {
            guard case .directory(let index) = node else { throw Failure(code: ENOTDIR) }
            guard let next = directories[index].entries[name] else { throw Failure(code: ENOENT) }
            node = next
        }
        return node
    }

    func file(at path: String) throws(Failure) -> Int {
        guard case .file(let index) = try find(path) else { throw Failure(code: EISDIR) }
        return index
    }

    func directory(at path: String) throws(Failure) -> Int {
        guard case .directory(let index) = try find(path) else { throw Failure(code: ENOTDIR) }
        return index
    }

    /// Returns a path's parent directory and last name.
    func place(of path: String) throws(Failure) -> (directory: Int, name: String) {
        let names = Self.names(in: path)
        guard let name = names.last else { throw Failure(code: EBUSY) }
        return (try directory(at: names.dropLast().joined(separator: "/")), name)
    }

    /// Creates an empty file and returns its index in `files`.
    mutating func createFile(at path: String) throws(Failure) -> Int {
        let (directory, name) = try place(of: path)
        guard directories[directory].entries[name] == nil else { throw Failure(code: EEXIST) }
        var file = MemoryFile()
        file.nameCount = 1
        files.append(file)
        directories[directory].link(name, .file(files.count - 1))
        return files.count - 1
    }

    mutating func createDirectory(at path: String) throws(Failure) {
        let (directory, name) = try place(of: path)
        guard directories[directory].entries[name] == nil else { throw Failure(code: EEXIST) }
        directories.append(MemoryDirectory())
        directories[directory].link(name, .directory(directories.count - 1))
    }

    /// Renames a file; its old and its new name each become durable with their directory.
    mutating func rename(_ path: String, to newPath: String) throws(Failure) {
        let file = try file(at: path)
        let source = try place(of: path)
        let target = try place(of: newPath)
        // Linux checks this before the kinds of the two entries.
        if Self.names(in: path).starts(with: Self.names(in: newPath)), path != newPath {
            throw Failure(code: ENOTEMPTY)
        }
        switch directories[target.directory].entries[target.name] {
        case .directory: throw Failure(code: EISDIR)
        case .file(file): return
        case .file(let replaced): files[replaced].nameCount -= 1
        case nil: break
        }
        if source.directory == target.directory {
            directories[source.directory].rename(source.name, to: target.name, .file(file))
        } else {
            directories[source.directory].moveAway(source.name, .file(file), to: target.directory)
            directories[target.directory].link(target.name, .file(file))
        }
    }

    mutating func removeFile(at path: String) throws(Failure) {
        let file = try file(at: path)
        let (directory, name) = try place(of: path)
        directories[directory].unlink(name)
        files[file].nameCount -= 1
    }

    mutating func removeDirectory(at path: String) throws(Failure) {
        let removed = try directory(at: path)
        guard directories[removed].entries.isEmpty else { throw Failure(code: ENOTEMPTY) }
        let (directory, name) = try place(of: path)
        directories[directory].unlink(name)
    }

    /// The number of bytes of all files that have a name or are open.
    var usedByteCount: Int64 {
        files.reduce(0) { $1.nameCount > 0 || $1.openCount > 0 ? $0 + Int64($1.bytes.count) : $0 }
    }

    /// Every path that exists, in order; directories end in `/`.
    var paths: [String] {
        var found: [String] = []
        func visit(_ directory: Int, _ prefix: String) {
            for (name, node) in directories[directory].entries {
                switch node {
                case .file:
                    found.append(prefix + name)
                case .directory(let index):
                    found.append("\(prefix)\(name)/")
                    visit(index, "\(prefix)\(name)/")
                }
            }
        }
        visit(0, "")
        return found.sorted()
    }

    private static func names(in path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.map(String.init)
    }
}

extension MemoryTree {
    /// Returns the tree after a power cut and restart: all of it durable, without open files.
    func afterPowerCut(keeping survival: Survival) -> MemoryTree {
        var generator = SeededGenerator(seed: survival.seed)
        var result = MemoryTree()
        result.directories = []
        var moved: [Int: Int] = [:]
        _ = copyDirectory(0, keeping: survival, &generator, into: &result, &moved)
        return result
    }

    /// Copies a directory with its contents, and returns its index in `result`.
    private func copyDirectory(
        _ index: Int,
        keeping survival: Survival,
        _ generator: inout SeededGenerator,
        into result: inout MemoryTree,
        _ moved: inout [Int: Int]
    ) -> Int {
        let place = result.directories.count
        result.directories.append(MemoryDirectory())
        var entries: [String: Node] = [:]
        let survivors = directories[index].afterPowerCut(keeping: survival, &generator) { node, directory in
            directories[directory].durableEntries.values.contains(node)
        }
        // In the order of names, so that a seed has the same effect in every run.
        for (name, node) in survivors.sorted(by: { $0.key < $1.key }) {
            switch node {
            case .directory(let child):
                entries[name] = .directory(copyDirectory(child, keeping: survival, &generator, into: &result, &moved))
            case .file(let file):
                // A file whose move is half durable may have both names; it stays one file.
                let copy = moved[file] ?? result.files.count
                if moved[file] == nil {
                    var survivor = MemoryFile()
                    survivor.replace(with: files[file].afterPowerCut(keeping: survival, &generator))
                    survivor.modifiedMicroseconds = files[file].modifiedMicroseconds
                    result.files.append(survivor)
                    moved[file] = copy
                }
                result.files[copy].nameCount += 1
                entries[name] = .file(copy)
            }
        }
        result.directories[place] = MemoryDirectory(durableEntries: entries)
        return place
    }

    /// Returns the tree for a new process: unsynced changes stay unsynced, and no file is open or locked.
    func afterProcessKill() -> MemoryTree {
        var result = self
        for index in result.files.indices { result.files[index].openCount = 0 }
        result.lockHolders = [:]
        return result
    }
}
