internal import Blobs
internal import Catalog
package import Disk
internal import Federation
internal import SegmentLog
internal import Store

/// Reads every byte of a data directory and tells everything that is wrong with it.
///
/// It verifies the checksum of every file and line, that records follow each other without a gap, every blob frame by
/// frame and as a whole, and that every document that names a blob has it. It changes nothing and needs no lock; a
/// server may go on writing, and what it has not finished is no damage.
package struct Check {
    private let premises: Premises
    private let visit: (Finding) -> Void
    private let advance: (Int64) -> Void
    private var tally = Tally()
    private var blobIDs: Set<String> = []
    private var owners: [BlobOwner] = []

    /// Checks the data directory at `path`: tells `visit` each finding as it comes, and `advance` the bytes read so far.
    ///
    /// - Throws: where nothing can be told about the directory as a whole.
    package static func run(
        _ path: String,
        on disk: any Disk,
        advance: @escaping (Int64) -> Void = { _ in },
        visit: @escaping (Finding) -> Void
    ) throws(InspectionError) -> Tally {
        var check = Check(premises: try Premises(path, on: disk), visit: visit, advance: advance)
        check.premises.findings.forEach { check.report($0) }
        // Documents before blobs: what a server publishes meanwhile is a blob first and a document second.
        for name in check.premises.collections { check.checkLog(name) }
        for entry in check.premises.stored { check.checkStored(entry) }
        check.compareOwners()
        return check.tally
    }

    private init(premises: Premises, visit: @escaping (Finding) -> Void, advance: @escaping (Int64) -> Void) {
        self.premises = premises
        self.visit = visit
        self.advance = advance
    }

    private mutating func report(_ finding: Finding) {
        tally.count(finding)
        visit(finding)
    }

    private mutating func checkLog(_ name: String) {
        var survey = LogSurvey(name)
        survey.run(in: premises.directory.collection(name), on: premises.disk) { byteCount in
            tally.byteCount += Int64(byteCount)
            advance(tally.byteCount)
        } visit: { finding in
            report(finding)
        }
        checkIndexes(name)
        tally.collectionCount += 1
        tally.recordCount += survey.recordCount
        owners += survey.owners
    }

    /// Verifies the index files of a collection's sealed segments.
    private mutating func checkIndexes(_ name: String) {
        guard let schema = Resource.allSchemas.first(where: { $0.name == name }) else { return }
        let directory = premises.directory.collection(name)
        do throws(StorageError) {
            for segment in try LogCheck.sealedSegments(log: name, directory: directory, on: premises.disk) {
                checkIndex(of: segment, in: directory, schema)
            }
        } catch {
            report(Finding(error, at: directory))
        }
    }

    private mutating func checkIndex(of segment: SegmentSummary, in directory: String, _ schema: CollectionSchema) {
        let path = IndexFileCheck.path(of: segment, in: directory)
        do throws(StorageError) {
            switch try IndexFileCheck.run(of: segment, in: directory, schema, on: premises.disk) {
            case .whole(let byteCount):
                tally.byteCount += byteCount
                advance(tally.byteCount)
            case .missing: report(Finding(path: path, reason: .missingIndex))
            case .unusable(let reason): report(Finding(path: path, reason: .damagedIndex(reason)))
            }
        } catch {
            report(Finding(error, at: path))
        }
    }

    private mutating func checkStored(_ entry: BlobCheck.Entry) {
        guard entry.kind != .stranger else {
            report(Finding(path: entry.path, reason: .unknownEntry))
            return
        }
        do throws(StorageError) {
            let found = try BlobCheck.check(entry, on: premises.disk)
            let remainder = entry.kind == .blob ? nil : try UploadRemainder.finding(after: found, in: premises)
            // A server may have finished, claimed or expired it while it was read.
            guard try premises.disk.entry(entry.path) != nil else {
                report(Finding(path: entry.path, reason: .wentAway))
                return
            }
            for violation in found.violations { report(Finding(violation)) }
            if let remainder, found.violations.isEmpty { report(remainder) }
            tally.byteCount += found.storedByteCount
        } catch {
            let path = error.failedCall?.path ?? entry.path
            report(error.isMissing ? Finding(path: path, reason: .wentAway) : Finding(error, at: path))
        }
        if entry.kind == .blob { blobIDs.insert(entry.id) }
        tally.blobCount += entry.kind == .blob ? 1 : 0
        tally.uploadCount += entry.kind == .blob ? 0 : 1
        advance(tally.byteCount)
    }

    /// Compares the documents that own blobs with the blobs.
    ///
    /// A damaged blob is there; its damage is reported already.
    private mutating func compareOwners() {
        let paths = BlobPaths(premises.directory.path)
        for owner in owners where blobIDs.remove(owner.blobID) == nil && owner.isPermanent {
            let path = BlobID(owner.blobID).map { paths.blob($0) } ?? paths.blobs
            do throws(StorageError) {
                guard try premises.disk.entry(path)?.kind != .file else { continue }
                report(Finding(path: path, reason: .missingBlob(document: owner.documentID)))
            } catch {
                report(Finding(error, at: path))
            }
        }
        for orphan in blobIDs.sorted() {
            report(Finding(path: BlobID(orphan).map { paths.blob($0) } ?? paths.blobs, reason: .orphanBlob))
        }
    }
}
