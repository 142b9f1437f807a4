internal import Blobs
internal import Catalog
internal import Disk
internal import Federation
internal import SegmentLog
internal import Store
internal import Tokens

/// The names in a data directory: its identity, its collections and files, and the entries that are not Ledge's.
///
/// It neither writes nor takes the lock, so a server may run; files that it adds or removes in the meantime are not
/// damage.
struct DirectoryScan {
    let directory: DataDirectory
    let disk: any Disk
    /// Nil if `ledge.json` is missing or damaged, which is then in ``findings``.
    private(set) var identity: StoreIdentity?
    /// Names of collections, sorted.
    private(set) var collections: [String] = []
    /// The number of segment files of each.
    private(set) var segmentCounts: [String: Int] = [:]
    /// The number of bytes of each collection's segment files and indexes.
    private(set) var storedByteCounts: [String: Int64] = [:]
    /// All entries below `blobs/` and `uploads/`.
    private(set) var stored: [BlobCheck.Entry] = []
    /// Findings about names and the identity; no other file is read yet.
    private(set) var findings: [Finding] = []

    /// - Throws: ``InspectionError`` if it is not a data directory, or cannot be read.
    init(_ path: String, on disk: any Disk) throws(InspectionError) {
        let path = Self.trimmed(path)
        directory = DataDirectory(path)
        self.disk = disk
        let kind = try InspectionError.wrap(disk.entry(path))?.kind
        let names = try InspectionError.wrap(kind == .directory ? disk.list(path) : [])
        let blobs = BlobPaths(path)
        let ours = [directory.identity, directory.collections, blobs.blobs, blobs.uploads]
        // A crash may leave a new secret next to the old one; the next start replaces it.
        let secret = "\(path)/\(SigningKey.fileName)"
        let ignored =
            ours + [directory.lock, directory.reserve, directory.repairBackups, directory.lostAndFound]
            + [secret, "\(secret).new"]
        let paths = names.map { "\(path)/\($0)" }
        guard paths.contains(where: ours.contains) else { throw .notADataDirectory(path) }
        for path in paths where !ignored.contains(path) {
            findings.append(Finding(path: path, reason: .unknownEntry))
        }
        try readIdentity()
        listCollections()
        listStored()
    }

    /// Returns the path without the slash that a shell's completion adds, so that findings have no `//`.
    private static func trimmed(_ path: String) -> String {
        var path = path
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        return path
    }

    private mutating func readIdentity() throws(InspectionError) {
        do throws(StoreError) {
            identity = try StoreIdentity.read(directory, on: disk)
            if identity == nil { findings.append(Finding(path: directory.identity, reason: .missingIdentity)) }
        } catch {
            switch error {
            case .unsupportedFormat(let format): throw .unsupportedFormat(format)
            case .storage(let error) where !error.isCorrupt: throw .storage(error)
            default: findings.append(Finding(path: directory.identity, reason: .damagedIdentity))
            }
        }
    }

    private mutating func listCollections() {
        for name in names(in: directory.collections) {
            let path = directory.collection(name)
            let isOurs = Resource.allSchemas.contains { $0.name == name }
            guard isOurs || kind(path) == .directory else {
                findings.append(Finding(path: path, reason: .unknownEntry))
                continue
            }
            collections.append(name)
            if !isOurs { findings.append(Finding(path: path, reason: .unknownCollection)) }
            for file in names(in: path) where file != SegmentName.manifest {
                let form = SegmentName.parse(file)?.form
                if form != nil { storedByteCounts[name, default: 0] += byteCount("\(path)/\(file)") }
                switch form {
                case .plain, .sealed: segmentCounts[name, default: 0] += 1
                case .index: break
                case nil: findings.append(Finding(path: "\(path)/\(file)", reason: .unknownEntry))
                }
            }
        }
    }

    private mutating func listStored() {
        do throws(StorageError) {
            stored = try BlobCheck.entries(in: directory.path, on: disk)
        } catch {
            findings.append(Finding(error, at: directory.path))
        }
    }

    /// The names in a directory; none if it does not exist, or cannot be read, which is a finding.
    private mutating func names(in path: String) -> [String] {
        do throws(StorageError) {
            return try disk.entry(path) == nil ? [] : disk.list(path)
        } catch {
            findings.append(Finding(error, at: path))
            return []
        }
    }

    private mutating func kind(_ path: String) -> DirectoryEntry.Kind? {
        entry(path)?.kind
    }

    /// Returns the length of a file; 0 if a server has just removed it.
    private mutating func byteCount(_ path: String) -> Int64 {
        entry(path)?.byteCount ?? 0
    }

    private mutating func entry(_ path: String) -> DirectoryEntry? {
        do throws(StorageError) {
            return try disk.entry(path)
        } catch {
            findings.append(Finding(error, at: path))
            return nil
        }
    }
}
