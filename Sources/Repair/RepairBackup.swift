internal import Disk
internal import JSON
internal import Store

/// The files that one repair replaced or removed, copied below `repair-backups/` under the instant at which it began.
///
/// Shape: `repair-backups/2026-11-28T21:30:00.123456Z/` with each file under its path in the data directory, and
/// `repair.json`, a checked line whose seed is the XXH3-64 of the text `repair.json`:
///
///     {"format":1,"state":"done",
///      "kept":[{"path":"collections/clients/manifest.json","bytes":412,"xxh3_128":"…"}],
///      "left":[{"path":"collections/clients/manifest.json","bytes":430,"xxh3_128":"…"},
///              {"path":"collections/clients/00000000000000000001.jsonl","bytes":null,"xxh3_128":null}],"xxh3":"…"}
///
/// `kept` lists the copies, `left` the files that the repair wrote or removed, as they are after it; null is a file that
/// does not exist. The state is `begun` until `left` is known, and `undone` after the copies were restored.
/// Source: docs/FORMAT.md, "Repair backups".
struct RepairBackup {
    /// The bytes of a file at one moment.
    struct Entry: Hashable {
        let path: String
        /// Nil if there is no file.
        let content: Content?
    }

    struct Content: Hashable {
        let byteCount: Int64
        let digest: String
    }

    enum State: String {
        case begun, done, undone
    }

    static let fileName = "repair.json"
    private static let seed = XXH3.hash64(fileName)
    private static let format: Int64 = 1
    private static let blockByteCount = 1 << 20

    let path: String
    let directory: DataDirectory
    let disk: any Disk
    private(set) var state: State
    private(set) var kept: [Entry]
    private(set) var left: [Entry] = []

    /// Copies files, durably, before they are changed.
    init(
        keeping paths: [String],
        of directory: DataDirectory,
        at now: Timestamp,
        on disk: any Disk
    ) throws(StorageError) {
        self.directory = directory
        self.disk = disk
        path = "\(directory.repairBackups)/\(now)"
        state = .begun
        kept = []
        try disk.ensureDirectory(path)
        for original in Set(paths).sorted() {
            guard try disk.entry(original) != nil else { continue }
            let name = Self.relative(original, to: directory)
            try disk.ensureDirectory(disk.directory(of: "\(path)/\(name)"))
            kept.append(Entry(path: name, content: try Self.copy(original, to: "\(path)/\(name)", on: disk)))
        }
        try write()
    }

    /// Reads the list of an earlier repair; nil if there is none or it does not verify.
    ///
    /// - Throws: ``RepairError/malformedBackup(_:)`` if it verifies but no repair writes such a list: restoring from it
    ///   could change files that a repair does not touch. ``RepairError/storage(_:)``.
    init?(_ path: String, of directory: DataDirectory, on disk: any Disk) throws(RepairError) {
        let listPath = "\(path)/\(Self.fileName)"
        guard let bytes = try RepairError.wrap(disk.contents(of: listPath)) else { return nil }
        let object: JSONObject
        do { object = try CheckedLine.open(bytes, seed: Self.seed) } catch { return nil }
        guard object["format"]?.int == Self.format, let state = object["state"]?.string.flatMap(State.init(rawValue:))
        else { return nil }
        guard let kept = Self.entries(object["kept"]), kept.allSatisfy({ $0.content != nil }),
            let left = Self.entries(object["left"])
        else { throw .malformedBackup(listPath) }
        self.path = path
        self.directory = directory
        self.disk = disk
        self.state = state
        self.kept = kept
        self.left = left
    }

    /// Parses a list of files; nil if one is not a file that repairs touch, or is listed twice.
    private static func entries(_ json: JSON?) -> [Entry]? {
        guard let array = json?.array else { return nil }
        let entries = array.compactMap(Entry.init)
        let isValid = entries.count == array.count && Set(entries.map(\.path)).count == entries.count
        return isValid ? entries : nil
    }

    /// Records the files that the repair wrote or removed, as they are now.
    func finish(_ paths: [String]) throws(StorageError) {
        var done = self
        for original in Set(paths).sorted() { done.left.append(try entry(Self.relative(original, to: directory))) }
        done.state = .done
        try done.write()
    }

    /// Restores the copies, and removes the files that the repair created.
    ///
    /// - Throws: ``RepairError/changedSince(_:)`` if a file is neither as the repair wrote it nor as it was before;
    ///   ``RepairError/damagedCopy(_:)``; then nothing was changed. ``RepairError/storage(_:)``.
    func undo() throws(RepairError) {
        try verify()
        try RepairError.wrap(restore())
    }

    private func restore() throws(StorageError) {
        // Segments are restored before the manifest that lists them, and removed after it.
        for isManifest in [false, true] {
            for entry in kept where entry.path.hasSuffix("manifest.json") == isManifest {
                _ = try Self.copy("\(path)/\(entry.path)", to: original(entry), on: disk)
            }
        }
        let names = Set(kept.map(\.path))
        for entry in left where !names.contains(entry.path) && entry.content != nil {
            guard try disk.entry(original(entry)) != nil else { continue }
            try disk.remove(original(entry))
            try disk.synchronizeDirectory(disk.directory(of: original(entry)))
        }
        var undone = self
        undone.state = .undone
        try undone.write()
    }

    private func verify() throws(RepairError) {
        let before = Dictionary(uniqueKeysWithValues: kept.map { ($0.path, $0.content) })
        for entry in kept {
            let copyPath = "\(path)/\(entry.path)"
            let copy = try RepairError.wrap(Self.content(of: copyPath, on: disk))
            guard copy == entry.content else { throw .damagedCopy(copyPath) }
        }
        for entry in left {
            let now = try RepairError.wrap(self.entry(entry.path))
            // An interrupted undo has restored some of the files.
            let isAsBefore = now.content == before[entry.path] ?? nil
            guard now == entry || isAsBefore else { throw .changedSince(original(entry)) }
        }
    }

    private func original(_ entry: Entry) -> String { "\(directory.path)/\(entry.path)" }

    private func entry(_ name: String) throws(StorageError) -> Entry {
        Entry(path: name, content: try Self.content(of: "\(directory.path)/\(name)", on: disk))
    }

    private func write() throws(StorageError) {
        let object: JSONObject = [
            "format": .number(JSONNumber(Self.format)), "state": .string(state.rawValue),
            "kept": .array(kept.map(\.json)), "left": .array(left.map(\.json)),
        ]
        try disk.publish(CheckedLine.seal(object, seed: Self.seed), at: "\(path)/\(Self.fileName)")
    }

    private static func relative(_ path: String, to directory: DataDirectory) -> String {
        String(path.dropFirst(directory.path.count + 1))
    }

    // MARK: Bytes

    /// Copies a file to a path, durably and atomically; a file that has that path is replaced.
    private static func copy(_ path: String, to newPath: String, on disk: any Disk) throws(StorageError) -> Content {
        var content = Content(byteCount: 0, digest: "")
        try disk.publish(at: newPath) { new throws(StorageError) in
            content = try read(path, on: disk) { bytes, offset throws(StorageError) in try new.write(bytes, at: offset)
            }
        }
        return content
    }

    private static func content(of path: String, on disk: any Disk) throws(StorageError) -> Content? {
        try disk.entry(path) == nil ? nil : try read(path, on: disk) { _, _ in }
    }

    private static func read(
        _ path: String,
        on disk: any Disk,
        _ body: ([UInt8], Int64) throws(StorageError) -> Void
    ) throws(StorageError) -> Content {
        let file = try File(path, .read, on: disk)
        let digest = XXH3Digest()
        var offset: Int64 = 0
        while true {
            let bytes = try file.bytes(at: offset, count: blockByteCount)
            guard !bytes.isEmpty else { return Content(byteCount: offset, digest: digest.hex) }
            bytes.withUnsafeBytes { digest.update($0) }
            try body(bytes, offset)
            offset += Int64(bytes.count)
        }
    }
}

extension RepairBackup.Entry {
    fileprivate init?(_ json: JSON) {
        guard let path = json["path"]?.string, Self.isRepairable(path) else { return nil }
        self.path = path
        if let byteCount = json["bytes"]?.int, let digest = json["xxh3_128"]?.string {
            content = RepairBackup.Content(byteCount: byteCount, digest: digest)
        } else {
            content = nil
        }
    }

    /// Whether a path in a data directory is the identity, or a file of a collection.
    private static func isRepairable(_ path: String) -> Bool {
        let directory = DataDirectory("")
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 3 else { return "/\(path)" == directory.identity }
        let isName = names.allSatisfy { !["", ".", ".."].contains($0) }
        return isName && "/\(path)" == "\(directory.collection(String(names[1])))/\(names[2])"
    }

    fileprivate var json: JSON {
        [
            "path": .string(path), "bytes": content.map { .number(JSONNumber($0.byteCount)) } ?? .null,
            "xxh3_128": content.map { .string($0.digest) } ?? .null,
        ]
    }
}
