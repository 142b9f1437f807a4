internal import Disk
internal import Glibc

/// The output of an export: standard output, or a file that appears under its name when it is complete.
///
/// The file is first written as `FILE.new`. Until ``finish()`` returns, an existing file with the final name is
/// unchanged; afterwards it is the whole export, durably.
final class ExportTarget {
    private static let bufferByteCountMax = 256 << 10
    private static let unfinishedSuffix = ".new"

    /// Nil for standard output.
    private let file: File?
    private let path: String
    private let disk: any Disk
    private var buffer: [UInt8] = []
    private var byteCount: Int64 = 0

    /// Creates the unfinished file of an export; nil and `-` are standard output.
    ///
    /// - Throws: ``CommandFailure`` if the path is not a regular file, or exists and must not be replaced.
    init(_ path: String?, replaces: Bool, on disk: any Disk) throws(CommandFailure) {
        self.disk = disk
        guard let path, path != "-" else {
            self.path = "standard output"
            file = nil
            return
        }
        self.path = path
        file = try ExportTarget.begin(path, replaces: replaces, on: disk)
    }

    /// Whether the lines are printed on a terminal.
    var isTerminal: Bool { file == nil && isatty(STDOUT_FILENO) == 1 }

    /// Writes a line and a newline.
    func write(_ line: UnsafeRawBufferPointer) throws(CommandFailure) {
        buffer.append(contentsOf: line)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.bufferByteCountMax { try flush() }
    }

    /// Writes the rest of the buffer; a file is then durable under its name.
    func finish() throws(CommandFailure) {
        try flush()
        guard let file else { return }
        try Self.ofDisk { () throws(DiskError) in
            try file.synchronize()
            try disk.rename(path + Self.unfinishedSuffix, to: path)
            try disk.synchronizeDirectory(Self.directory(of: path))
        }
    }

    /// Removes the unfinished file.
    func abandon() {
        guard file != nil else { return }
        // If this fails, the suffix still marks the file as unfinished.
        do { try disk.remove(path + Self.unfinishedSuffix) } catch {}
    }

    private static func begin(_ path: String, replaces: Bool, on disk: any Disk) throws(CommandFailure) -> File {
        let newPath = path + unfinishedSuffix
        let (entry, unfinished) = try ofDisk { () throws(DiskError) in (try disk.entry(path), try disk.entry(newPath)) }
        if let entry {
            guard entry.kind == .file else { throw CommandFailure("\(path) is not a regular file") }
            guard replaces else { throw CommandFailure("\(path) exists; --force replaces it") }
        }
        guard unfinished == nil || replaces else {
            throw CommandFailure("\(newPath) exists, from an unfinished export; --force replaces it")
        }
        return try ofDisk { () throws(DiskError) in
            if unfinished != nil { try disk.remove(newPath) }
            return try File(newPath, .create, on: disk)
        }
    }

    private func flush() throws(CommandFailure) {
        guard !buffer.isEmpty else { return }
        if let file {
            try Self.ofDisk { () throws(DiskError) in try file.write(buffer, at: byteCount) }
        } else {
            try Self.output(buffer)
        }
        byteCount += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    private static func output(_ bytes: [UInt8]) throws(CommandFailure) {
        let code = bytes.withUnsafeBytes { bytes -> Int32 in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 {
                    guard errno == EINTR else { return errno }
                    continue
                }
                rest = rest.dropFirst(count)
            }
            return 0
        }
        guard code == 0 else { throw CommandFailure("standard output: \(String(cString: strerror(code)))") }
    }

    private static func ofDisk<Value>(_ body: () throws(DiskError) -> Value) throws(CommandFailure) -> Value {
        do { return try body() } catch { throw CommandFailure("\(error)") }
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension ExportTarget {
    /// Whether a path is inside a directory after links are resolved.
    static func isPath(_ path: String, inside directory: String) -> Bool {
        guard let directory = resolved(directory), let parent = resolved(Self.directory(of: path)) else { return false }
        return parent == directory || parent.hasPrefix(directory == "/" ? "/" : "\(directory)/")
    }

    /// Returns the path without links; nil if it does not exist.
    private static func resolved(_ path: String) -> String? {
        realpath(path, nil).map { resolved in
            defer { free(resolved) }
            return String(cString: resolved)
        }
    }
}
