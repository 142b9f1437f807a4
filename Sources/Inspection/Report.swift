internal import Blobs
package import Disk
package import JSON
package import Store

/// What a data directory holds, for people and scripts.
///
/// Records are all read, since only they tell which are live; of blobs only the descriptions. See ``Check`` for proof.
package struct Report: Sendable {
    package struct Collection: Sendable, Hashable {
        package let name: String
        package let segmentCount: Int
        package let recordCount: Int
        /// Documents that a query finds.
        ///
        /// The other records were replaced or deleted, or say that something was.
        package let liveCount: Int
        /// Bytes of all lines.
        package let byteCount: Int64
        /// Bytes of the files that hold them and of their indexes.
        package let storedByteCount: Int64
        /// When the newest record was written.
        package let last: Timestamp?
    }

    package struct Blobs: Sendable, Hashable {
        package var count = 0
        /// Bytes as they were uploaded.
        package var byteCount: Int64 = 0
        /// Bytes of the files.
        package var storedByteCount: Int64 = 0

        /// Bytes stored for each byte uploaded; nil where there is none.
        package var ratio: Double? {
            byteCount > 0 ? Double(storedByteCount) / Double(byteCount) : nil
        }
    }

    package struct Upload: Sendable, Hashable {
        package let id: String
        package let fileName: String
        package let byteCount: Int64
        package let receivedByteCount: Int64
        /// Whether all of it is there and only waits to be claimed.
        package let isComplete: Bool
        package let lastActivity: Timestamp
    }

    package let path: String
    /// Nil where `ledge.json` cannot be read; a warning says why.
    package let identity: StoreIdentity?
    package private(set) var collections: [Collection] = []
    package private(set) var blobs = Blobs()
    package private(set) var uploads: [Upload] = []
    /// What was noticed on the way: damage, and names that are none of ours.
    package private(set) var warnings: [Finding]
}

extension Report {
    /// Reads the data directory at `path`, in which a server may be at work.
    ///
    /// - Throws: where nothing can be told about the directory as a whole.
    package static func read(_ path: String, on disk: any Disk) throws(InspectionError) -> Report {
        let scan = try DirectoryScan(path, on: disk)
        var report = Report(path: scan.directory.path, identity: scan.identity, warnings: scan.findings)
        for name in scan.collections { report.add(collection: name, of: scan) }
        for entry in scan.stored {
            switch entry.kind {
            case .blob, .completeUpload: report.add(complete: entry, of: scan)
            case .unfinishedUpload: report.add(unfinished: entry, of: scan)
            case .stranger: report.warnings.append(Finding(path: entry.path, reason: .unknownEntry))
            }
        }
        return report
    }

    private init(path: String, identity: StoreIdentity?, warnings: [Finding]) {
        self.path = path
        self.identity = identity
        self.warnings = warnings
    }

    private mutating func add(collection name: String, of scan: DirectoryScan) {
        var log = CollectionScan(name)
        log.run(in: scan.directory.collection(name), on: scan.disk) { warnings.append($0) }
        collections.append(
            Collection(
                name: name,
                segmentCount: scan.segmentCounts[name] ?? 0,
                recordCount: log.recordCount,
                liveCount: log.liveCount,
                byteCount: log.byteCount,
                storedByteCount: scan.storedByteCounts[name] ?? 0,
                last: log.last
            )
        )
    }

    private mutating func add(complete entry: BlobCheck.Entry, of scan: DirectoryScan) {
        do {
            guard let description = try BlobCheck.describe(entry, on: scan.disk) else { return }
            guard entry.kind == .completeUpload else {
                blobs.count += 1
                blobs.byteCount += description.byteCount
                blobs.storedByteCount += description.storedByteCount
                return
            }
            uploads.append(
                Upload(
                    id: entry.id,
                    fileName: description.fileName,
                    byteCount: description.byteCount,
                    receivedByteCount: description.byteCount,
                    isComplete: true,
                    lastActivity: description.createdAt
                )
            )
        } catch {
            let path = entry.path
            warnings.append(error.isMissing ? Finding(path: path, reason: .wentAway) : Finding(error, at: path))
        }
    }

    private mutating func add(unfinished entry: BlobCheck.Entry, of scan: DirectoryScan) {
        guard let id = BlobID(entry.id) else { return }
        let path = BlobPaths(scan.directory.path).journal(of: id)
        do throws(StorageError) {
            guard let bytes = try scan.disk.contents(of: path), let journal = UploadJournal.parse(bytes, of: id)
            else {
                // A crash in the first moment of an upload leaves it without a journal; it expires.
                return
            }
            uploads.append(
                Upload(
                    id: entry.id,
                    fileName: journal.header.fileName,
                    byteCount: journal.header.byteCount,
                    receivedByteCount: journal.chunks.reduce(0) { $0 + Int64($1.byteCount) },
                    isComplete: false,
                    lastActivity: journal.lastActivity
                )
            )
        } catch {
            warnings.append(error.isMissing ? Finding(path: path, reason: .wentAway) : Finding(error, at: path))
        }
    }
}
