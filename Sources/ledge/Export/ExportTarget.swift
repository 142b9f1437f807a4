internal import Disk
internal import Glibc
internal import Inspection

/// The output of an export: standard output, or a file that appears under its name when it is complete.
///
/// The file is first written as `FILE.new`. Until ``finish()`` returns, an existing file with the final name is
/// unchanged; afterwards it is the whole export, durably.
final class ExportTarget {
    private static let bufferByteCountMax = 256 << 10
    private static let unfinishedSuffix = ".new"

    /// Whether the lines are printed on a terminal.
    let isTerminal: Bool
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
            isTerminal = isatty(STDOUT_FILENO) == 1
            return
        }
        self.path = path
        isTerminal = false
        file = try ExportTarget.begin(path, replaces: replaces, on: disk)
    }

    /// Writes a line and a newline; on a terminal, with the characters escaped that it obeys.
    ///
    /// - Throws: ``CommandFailure``, or ``OutputFailure`` for standard output.
    func write(_ line: UnsafeRawBufferPointer) throws {
        if isTerminal {
            buffer.append(contentsOf: String(decoding: line, as: UTF8.self).escapedForTerminal.utf8)
        } else {
            buffer.append(contentsOf: line)
        }
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.bufferByteCountMax { try flush() }
    }

    /// Writes the rest of the buffer; a file is then durable under its name.
    ///
    /// - Throws: as ``write(_:)``.
    func finish() throws {
        try flush()
        guard let file else { return }
        try CommandFailure.wrap(file.synchronize())
        try CommandFailure.wrap(disk.rename(path + Self.unfinishedSuffix, to: path))
        try CommandFailure.wrap(disk.synchronizeDirectory(Self.directory(of: path)))
    }

    /// Removes the unfinished file.
    func abandon() {
        guard file != nil else { return }
        // If this fails, the suffix still marks the file as unfinished.
        do { try disk.remove(path + Self.unfinishedSuffix) } catch {}
    }

    private static func begin(_ path: String, replaces: Bool, on disk: any Disk) throws(CommandFailure) -> File {
        let newPath = path + unfinishedSuffix
        let unfinished = try CommandFailure.wrap(disk.entry(newPath))
        if let entry = try CommandFailure.wrap(disk.entry(path)) {
            guard entry.kind == .file else { throw CommandFailure("\(path) is not a regular file") }
            guard replaces else { throw CommandFailure("\(path) exists; --force replaces it") }
        }
        guard unfinished == nil || replaces else {
            throw CommandFailure("\(newPath) exists, from an unfinished export; --force replaces it")
        }
        if unfinished != nil { try CommandFailure.wrap(disk.remove(newPath)) }
        return try CommandFailure.wrap(File(newPath, .create, on: disk))
    }

    private func flush() throws {
        guard !buffer.isEmpty else { return }
        if let file {
            try CommandFailure.wrap(file.write(buffer, at: byteCount))
        } else {
            try Console.write(buffer, to: STDOUT_FILENO)
        }
        byteCount += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
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
