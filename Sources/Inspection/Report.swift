internal import Blobs
package import Disk
package import JSON
package import Store

/// The contents of a data directory, for people and scripts.
///
/// All records are read, to find the live documents; of blobs, only the descriptions. ``Check`` verifies all bytes.
package struct Report: Sendable {
    package struct Collection: Sendable, Hashable {
        package let name: String
        package let segmentCount: Int
        package let recordCount: Int
        /// The number of documents that a query finds.
        ///
        /// The other records were replaced or deleted, or are tombstones.
        package let liveCount: Int
        /// Bytes of all lines.
        package let byteCount: Int64
        /// The number of bytes of the segment files and their indexes.
        package let storedByteCount: Int64
        /// When the newest record was written.
        package let last: Timestamp?
    }

    package struct Blobs: Sendable, Hashable {
        package var count = 0
        /// The number of uploaded bytes.
        package var byteCount: Int64 = 0
        /// The number of bytes of the files.
        package var storedByteCount: Int64 = 0

        /// Stored bytes for each uploaded byte; nil if there are none.
        package var ratio: Double? {
            byteCount > 0 ? Double(storedByteCount) / Double(byteCount) : nil
        }
    }

    package struct Upload: Sendable, Hashable {
        package let id: String
        package let fileName: String
        /// Nil if the file did not declare its size and is not complete.
        package let byteCount: Int64?
        package let receivedByteCount: Int64
        /// Whether it is complete but not claimed yet.
        package let isComplete: Bool
        package let lastActivity: Timestamp
    }

    package let path: String
    /// Nil if `ledge.json` cannot be read; a warning contains the reason.
    package let identity: StoreIdentity?
    package private(set) var collections: [Collection] = []
    package private(set) var blobs = Blobs()
    package private(set) var uploads: [Upload] = []
    /// Damage, and files that are not Ledge's.
    package private(set) var warnings: [Finding]
}

extension Report {
    /// Reads the data directory at `path`, which may be in use by a server.
    ///
    /// - Throws: ``InspectionError`` if it is not a data directory, or cannot be read.
    package static func read(_ path: String, on disk: any Disk) throws(InspectionError) -> Report {
        let scan = try DirectoryScan(path, on: disk)
        var report = Report(path: scan.directory.path, identity: scan.identity, warnings: scan.findings)
        for name in scan.collections { report.add(collection: name, of: scan) }
        for entry in scan.stored {
            switch entry.kind {
            case .blob, .completeUpload: report.add(complete: entry, of: scan)
            case .unfinishedUpload: report.add(unfinished: entry, of: scan)
            case .foreign: report.warnings.append(Finding(path: entry.path, reason: .unknownEntry))
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
            warnings.append(error.isMissing ? Finding(path: path, reason: .disappeared) : Finding(error, at: path))
        }
    }

    private mutating func add(unfinished entry: BlobCheck.Entry, of scan: DirectoryScan) {
        guard let id = BlobID(entry.id) else { return }
        let path = BlobPaths(scan.directory.path).journal(of: id)
        do throws(StorageError) {
            guard let bytes = try scan.disk.contents(of: path), let journal = UploadJournal.parse(bytes, of: id)
            else {
                // A crash at the beginning of an upload leaves it without a journal; it expires.
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
            warnings.append(error.isMissing ? Finding(path: path, reason: .disappeared) : Finding(error, at: path))
        }
    }
}
