package import Disk

/// Verifies blobs and uploads without a server, and changes nothing.
///
/// Damage is reported as a violation with file and offset; only a disk that cannot be read is an error. Blocks; entries
/// are independent and may be checked in parallel.
package enum BlobCheck {
    /// A file or directory below `uploads/` or `blobs/`.
    package struct Entry: Sendable, Hashable {
        package enum Kind: Sendable, Hashable {
            case blob
            case completeUpload
            /// It is receiving, or a crash interrupted its beginning.
            case unfinishedUpload
            /// Not a Ledge file; it is not read.
            case foreign
        }

        package let kind: Kind
        /// Empty for a foreign file.
        package let id: String
        /// Of the blob's file, or of the upload's directory.
        package let path: String

        /// Of the finished file; nil if there is none.
        var filePath: String? {
            switch kind {
            case .blob: path
            case .completeUpload: BlobPaths.complete(inUpload: path)
            case .unfinishedUpload, .foreign: nil
            }
        }
    }

    /// The result of checking an entry.
    package struct Finding: Sendable, Hashable {
        package let entry: Entry
        /// Content that verified, in bytes.
        package internal(set) var byteCount: Int64 = 0
        /// Bytes on disk, whether they verify or not.
        package internal(set) var storedByteCount: Int64 = 0
        /// Nil for an unfinished upload, and if the tail does not verify.
        package internal(set) var description: BlobDescription?
        package internal(set) var violations: [Corruption] = []
    }

    /// Returns everything below `uploads/` and `blobs/` of a data directory, sorted by path; reads names only.
    package static func entries(in directory: String, on disk: any Disk) throws(StorageError) -> [Entry] {
        let paths = BlobPaths(directory)
        var entries: [Entry] = []
        for directory in try names(in: paths.blobs, on: disk) {
            let path = "\(paths.blobs)/\(directory)"
            guard let found = try disk.entry(path) else { continue }
            guard directory.utf8.count == 2, found.kind == .directory else {
                entries.append(Entry(kind: .foreign, id: "", path: path))
                continue
            }
            for name in try disk.list(path) {
                let id = BlobPaths.blobID(named: name, in: directory)
                let kind: Entry.Kind = id == nil ? .foreign : .blob
                entries.append(Entry(kind: kind, id: id?.text ?? "", path: "\(path)/\(name)"))
            }
        }
        for name in try names(in: paths.uploads, on: disk) {
            let path = "\(paths.uploads)/\(name)"
            // A server may have removed it since the directory was listed.
            guard let found = try disk.entry(path) else { continue }
            guard let id = BlobID(name), found.kind == .directory else {
                entries.append(Entry(kind: .foreign, id: "", path: path))
                continue
            }
            let isComplete = try disk.entry(paths.complete(id)) != nil
            entries.append(Entry(kind: isComplete ? .completeUpload : .unfinishedUpload, id: name, path: path))
        }
        return entries
    }

    /// Whether an entry is still what it was when it was listed.
    ///
    /// A server may have completed, published or removed it; then what was found in it is no damage.
    package static func isCurrent(_ entry: Entry, on disk: any Disk) throws(StorageError) -> Bool {
        let complete = BlobPaths.complete(inUpload: entry.path)
        if entry.kind == .unfinishedUpload, try disk.entry(complete) != nil { return false }
        return try disk.entry(entry.kind == .completeUpload ? complete : entry.path) != nil
    }

    /// Reads and verifies every byte of one entry.
    package static func check(_ entry: Entry, on disk: any Disk) throws(StorageError) -> Finding {
        var finding = Finding(entry: entry)
        guard let id = BlobID(entry.id) else {
            finding.violations = [Corruption(path: entry.path, reason: .blob(.unexpectedEntry))]
            return finding
        }
        do throws(StorageError) {
            if let path = entry.filePath {
                try checkBlob(id, at: path, on: disk, &finding)
            } else {
                try checkUpload(id, at: entry.path, on: disk, &finding)
            }
        } catch {
            if case .corrupt(let violation) = error {
                finding.violations.append(violation)
            } else {
                guard error.isMissing else { throw error }
                finding.violations.append(Corruption(path: entry.path, reason: .blob(.missing)))
            }
        }
        return finding
    }

    private static func names(in directory: String, on disk: any Disk) throws(StorageError) -> [String] {
        try disk.entry(directory) == nil ? [] : try disk.list(directory)
    }
}
