internal import Catalog
internal import Disk
internal import Federation
internal import JSON
internal import SegmentLog
internal import Store

/// One pass over a collection's log: verifies every line and counts records and documents.
///
/// Memory grows with the live documents of collections that can replace and delete them, not with events.
struct CollectionScan {
    let name: String
    private(set) var recordCount = 0
    /// The number of bytes of all lines.
    private(set) var byteCount: Int64 = 0
    private(set) var last: Timestamp?
    /// The sealed segments of the log at the time of reading.
    private(set) var sealedSegments: [SegmentSummary] = []
    /// The number of documents of an append-only collection.
    private var eventCount = 0
    /// Live documents of other collections, each with its ownership of a blob.
    private var documents: [String: BlobOwner?] = [:]
    private let isAppendOnly: Bool
    /// The field in which its documents name their blobs.
    private let reference: Resource.BlobReference?

    init(_ name: String) {
        self.name = name
        isAppendOnly = Resource.allSchemas.first { $0.name == name }?.isAppendOnly ?? false
        reference = Resource.all.first { $0.name == name }?.blob
    }

    var liveCount: Int {
        eventCount + documents.count
    }

    /// The live documents that own a blob, by id, sorted.
    var owners: [BlobOwner] {
        documents.values.compactMap(\.self).sorted { $0.documentID < $1.documentID }
    }

    /// Reads the log in `directory`: passes findings to `visit`, and the length of each line to `advance`.
    mutating func run(
        in directory: String,
        on disk: any Disk,
        advance: (Int) -> Void = { _ in },
        visit: (Finding) -> Void
    ) {
        do throws(StorageError) {
            var scan = try LogScan(log: name, directory: directory, on: disk)
            defer { sealedSegments = scan.sealedSegments }
            try scan.run { found in
                if let entry = found.entry {
                    advance(entry.line.count)
                    if !count(entry) { visit(Finding(foreign: entry, in: directory)) }
                }
                switch found {
                case .entry: break
                case .violation(let corruption), .flipped(_, let corruption): visit(Finding(corruption))
                case .tornTail(let tail):
                    let reason = Finding.Reason.neverDurable(byteCount: tail.byteCount)
                    visit(Finding(path: tail.path, offset: tail.offset, reason: reason))
                }
            }
        } catch {
            visit(Finding(error, at: directory))
        }
    }

    /// Counts a record, or returns false if it is not a record of a collection.
    private mutating func count(_ entry: LogEntry) -> Bool {
        recordCount += 1
        byteCount += Int64(entry.line.count)
        last = entry.at
        return entry.line.withUnsafeBytes { line in
            guard let record = Record(line) else { return false }
            guard !isAppendOnly else {
                if record.document != nil { eventCount += 1 }
                return record.document != nil
            }
            guard let range = record.document else {
                documents[record.id] = nil
                return true
            }
            let document = UnsafeRawBufferPointer(rebasing: line[range])
            documents[record.id] = .some(reference.flatMap { BlobOwner(record.id, in: name, document, $0) })
            return true
        }
    }
}
