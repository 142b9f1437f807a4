internal import Blobs
internal import Catalog
package import Disk
internal import Federation
internal import Index
internal import SegmentLog
internal import Store

/// Reads every byte of a data directory and reports all damage.
///
/// It verifies the checksum of every file and line, that records follow each other without gaps, every blob frame by
/// frame and as a whole, and that the blob of every document exists. It changes nothing and needs no lock; a server may
/// continue to write, and its unfinished writes are not reported as damage.
package struct Check {
    private let scan: DirectoryScan
    private let visit: (Finding) -> Void
    private let advance: (Int64) -> Void
    private var tally = Tally()
    private var blobIDs: Set<String> = []
    private var owners: [BlobOwner] = []
    /// The same by their blobs.
    private var ownersByBlobID: [String: BlobOwner] = [:]

    /// Checks the data directory at `path`: passes each finding to `visit`, and the bytes read so far to `advance`.
    ///
    /// - Throws: ``InspectionError`` if it is not a data directory, or cannot be read.
    package static func run(
        _ path: String,
        on disk: any Disk,
        advance: @escaping (Int64) -> Void = { _ in },
        visit: @escaping (Finding) -> Void
    ) throws(InspectionError) -> Tally {
        var check = Check(scan: try DirectoryScan(path, on: disk), visit: visit, advance: advance)
        check.scan.findings.forEach { check.report($0) }
        // Documents before blobs: a server publishes a blob first and its document second.
        for name in check.scan.collections { check.checkLog(name) }
        for owner in check.owners { check.ownersByBlobID[owner.blobID] = owner }
        for entry in check.scan.stored { check.checkStored(entry) }
        check.compareOwners()
        return check.tally
    }

    private init(scan: DirectoryScan, visit: @escaping (Finding) -> Void, advance: @escaping (Int64) -> Void) {
        self.scan = scan
        self.visit = visit
        self.advance = advance
    }

    private mutating func report(_ finding: Finding) {
        tally.count(finding)
        visit(finding)
    }

    private mutating func checkLog(_ name: String) {
        var log = CollectionScan(name)
        log.run(in: scan.directory.collection(name), on: scan.disk) { byteCount in
            tally.byteCount += Int64(byteCount)
            advance(tally.byteCount)
        } visit: { finding in
            report(finding)
        }
        checkIndexes(of: log)
        tally.collectionCount += 1
        tally.recordCount += log.recordCount
        owners += log.owners
    }

    /// Verifies the index files of a collection's sealed segments.
    private mutating func checkIndexes(of log: CollectionScan) {
        guard let schema = Resource.allSchemas.first(where: { $0.name == log.name }) else { return }
        let directory = scan.directory.collection(log.name)
        for segment in log.sealedSegments { checkIndex(of: segment, in: directory, schema) }
    }

    private mutating func checkIndex(of segment: SegmentSummary, in directory: String, _ schema: CollectionSchema) {
        let path = IndexFileCheck.path(of: segment, in: directory)
        do throws(StorageError) {
            switch try IndexFileCheck.run(of: segment, in: directory, schema.indexSchema, on: scan.disk) {
            case .whole(let byteCount):
                tally.byteCount += byteCount
                advance(tally.byteCount)
            case .missing:
                // A server may have merged or dropped the segment after it was read, and removed both files.
                let segmentPath = "\(directory)/\(SegmentName.make(segment.id, .sealed))"
                guard try scan.disk.entry(segmentPath) != nil else { return }
                report(Finding(path: path, reason: .missingIndex))
            case .outdated(let reason): report(Finding(path: path, reason: .outdatedIndex(reason)))
            case .unusable(let reason): report(Finding(path: path, reason: .damagedIndex(reason)))
            }
        } catch {
            report(Finding(error, at: path))
        }
    }

    private mutating func checkStored(_ entry: BlobCheck.Entry) {
        guard entry.kind != .foreign else {
            report(Finding(path: entry.path, reason: .unknownEntry))
            return
        }
        let owner = entry.kind == .blob ? ownersByBlobID[entry.id] : nil
        do throws(StorageError) {
            let found = try BlobCheck.check(entry, on: scan.disk)
            let remainder = entry.kind == .blob ? nil : try UploadRemainder.finding(after: found, in: scan)
            guard try BlobCheck.isCurrent(entry, on: scan.disk) else {
                report(Finding(path: entry.path, reason: .disappeared))
                return
            }
            for violation in found.violations { report(Finding(violation, owner: owner)) }
            if let remainder, found.violations.isEmpty { report(remainder) }
            tally.byteCount += found.storedByteCount
        } catch {
            let path = error.failedCall?.path ?? entry.path
            report(error.isMissing ? Finding(path: path, reason: .disappeared) : Finding(error, at: path, owner: owner))
        }
        if entry.kind == .blob { blobIDs.insert(entry.id) }
        tally.blobCount += entry.kind == .blob ? 1 : 0
        tally.uploadCount += entry.kind == .blob ? 0 : 1
        advance(tally.byteCount)
    }

    /// Compares the documents that own blobs with the blobs.
    ///
    /// A damaged blob exists; its damage was reported before.
    private mutating func compareOwners() {
        let paths = BlobPaths(scan.directory.path)
        var missing: [(owner: BlobOwner, path: String)] = []
        for owner in owners where blobIDs.remove(owner.blobID) == nil && owner.isPermanent {
            let path = BlobID(owner.blobID).map { paths.blob($0) } ?? paths.blobs
            do throws(StorageError) {
                if try scan.disk.entry(path)?.kind != .file { missing.append((owner, path)) }
            } catch {
                report(Finding(error, at: path))
            }
        }
        // A server may have deleted the document since, and its blob with it.
        let current = missing.isEmpty ? [] : Set(scan.collections.flatMap(currentOwners))
        for (owner, path) in missing where current.contains(owner) {
            report(Finding(path: path, reason: .missingBlob, owner: owner))
        }
        for orphan in blobIDs.sorted() {
            report(Finding(path: BlobID(orphan).map { paths.blob($0) } ?? paths.blobs, reason: .orphanBlob))
        }
    }

    /// Reads a collection again, without findings, which were reported before.
    private func currentOwners(_ name: String) -> [BlobOwner] {
        var log = CollectionScan(name)
        log.run(in: scan.directory.collection(name), on: scan.disk) { _ in }
        return log.owners
    }
}
