internal import Catalog
package import Disk
internal import Federation
package import Index
package import JSON
internal import SegmentLog
internal import Store

/// Reads the documents of one collection out of a data directory: the bytes that are stored, in the order of the log.
///
/// Every line is verified. One that does not verify is told and left out, and the others are read all the same. It
/// changes nothing and needs no lock. Where a server is at work, what it adds meanwhile is read or not; a document that
/// is there all the time is read exactly once.
///
/// Events are read in one pass, which keeps nothing of them. Where documents are replaced and deleted, a first pass
/// finds the last record of each id and a second one reads those; memory is an id and a number for each live document.
package struct Export {
    /// What is asked for.
    package struct Selection: Sendable {
        /// Whether every record comes, as its whole line, instead of the documents that are live.
        package var isHistory: Bool
        /// Documents committed at this moment or later; of a history, records that were written then.
        package var since: Timestamp?
        /// Documents committed before this moment.
        package var until: Timestamp?
        /// Documents that pass; a history has all records.
        package var filter: Filter

        package init(
            isHistory: Bool = false,
            since: Timestamp? = nil,
            until: Timestamp? = nil,
            filter: Filter = Filter()
        ) {
            self.isHistory = isHistory
            self.since = since
            self.until = until
            self.filter = filter
        }
    }

    /// How far it is, and at the end how much it was.
    package struct Progress: Sendable, Hashable {
        /// Bytes of all lines that were read, those of a second pass too.
        package fileprivate(set) var readByteCount: Int64 = 0
        /// Documents, or records of a history, and their bytes with a newline each.
        package fileprivate(set) var exportedCount = 0
        package fileprivate(set) var byteCount: Int64 = 0
        package fileprivate(set) var damageCount = 0
        package fileprivate(set) var unreadableCount = 0

        /// Whether all that should be there was read.
        package var isComplete: Bool { damageCount == 0 && unreadableCount == 0 }
    }

    private let name: String
    private let contents: DirectoryScan
    private let selection: Selection
    private let advance: (Progress) -> Void
    private let report: (Finding) -> Void
    private let visit: (UnsafeRawBufferPointer) -> Void
    private var progress = Progress()
    /// What was told already: two passes meet it.
    private var told: Set<Finding> = []

    /// Reads the collection `name` of the data directory at `path`.
    ///
    /// Hands `visit` the bytes of each document, or of each line of a history, without a newline; they are gone after
    /// the call. Tells `report` each thing that is wrong, once, and `advance` how far it is after each record.
    /// - Throws: where nothing can be told about the directory as a whole.
    package static func run(
        _ name: String,
        of path: String,
        _ selection: Selection = Selection(),
        on disk: any Disk,
        advance: @escaping (Progress) -> Void = { _ in },
        report: @escaping (Finding) -> Void,
        visit: @escaping (UnsafeRawBufferPointer) -> Void
    ) throws(InspectionError) -> Progress {
        let contents = try DirectoryScan(path, on: disk)
        var export = Export(name, of: contents, selection, advance: advance, report: report, visit: visit)
        for finding in contents.findings { export.tell(finding) }
        guard contents.collections.contains(name) else { return export.progress }
        let isAppendOnly = Resource.allSchemas.first { $0.name == name }?.isAppendOnly ?? false
        if selection.isHistory {
            export.readHistory()
        } else if isAppendOnly {
            export.readEvents()
        } else {
            export.readLiveDocuments()
        }
        return export.progress
    }

    private init(
        _ name: String,
        of contents: DirectoryScan,
        _ selection: Selection,
        advance: @escaping (Progress) -> Void,
        report: @escaping (Finding) -> Void,
        visit: @escaping (UnsafeRawBufferPointer) -> Void
    ) {
        self.name = name
        self.contents = contents
        self.selection = selection
        self.advance = advance
        self.report = report
        self.visit = visit
    }
}

/// The three ways through a log.
extension Export {
    private mutating func readHistory() {
        pass { entry, export in
            _ = export.record(of: entry)
            guard export.selection.contains(entry.at) else { return }
            entry.line.withUnsafeBytes { export.take(UnsafeRawBufferPointer(rebasing: $0.dropLast())) }
        }
    }

    private mutating func readEvents() {
        pass { entry, export in
            guard let document = export.record(of: entry)?.document else { return }
            export.take(document, of: entry)
        }
    }

    /// Reads the last document of each id, or one that has replaced it meanwhile.
    private mutating func readLiveDocuments() {
        // By bytes: to Swift two ids are equal when they look alike.
        var last: [[UInt8]: UInt64] = [:]
        pass { entry, export in
            guard let record = export.record(of: entry) else { return }
            last[Array(record.id.utf8)] = record.document == nil ? nil : entry.sequence
        }
        // A server may have merged segments since, and left out what was replaced by then: the next record of the id
        // is there in its place, be it a document or a tombstone.
        pass { entry, export in
            guard let record = export.record(of: entry) else { return }
            let id = Array(record.id.utf8)
            guard let sequence = last[id], entry.sequence >= sequence else { return }
            last[id] = nil
            if let document = record.document { export.take(document, of: entry) }
        }
    }

    /// Hands each record of the log to `body`, in order, and tells what is wrong with the others.
    private mutating func pass(_ body: (LogEntry, inout Export) -> Void) {
        let directory = contents.directory.collection(name)
        do throws(StorageError) {
            var scan = try LogScan(log: name, directory: directory, on: contents.disk)
            try scan.run { found in
                switch found {
                case .entry(let entry):
                    progress.readByteCount += Int64(entry.line.count)
                    body(entry, &self)
                    advance(progress)
                case .violation(let corruption), .flipped(_, let corruption): tell(Finding(corruption))
                case .tornTail: break
                }
            }
        } catch {
            tell(Finding(error, at: directory))
        }
    }

    /// What the record says; one that no collection could have written is told.
    private mutating func record(of entry: LogEntry) -> Record? {
        let record = entry.line.withUnsafeBytes { Record($0) }
        if record == nil { tell(Finding(foreign: entry, in: contents.directory.collection(name))) }
        return record
    }

    /// Hands out the document that stands in a line, where it was asked for.
    private mutating func take(_ range: Range<Int>, of entry: LogEntry) {
        entry.line.withUnsafeBytes { line in
            let document = UnsafeRawBufferPointer(rebasing: line[range])
            guard selection.filter.conditions.allSatisfy({ $0.holds(in: document) }) else { return }
            guard selection.isBounded else { return take(document) }
            let stamp = JSONScanner.first(.committedAt, of: document)?.text.flatMap { Timestamp(parsing: $0) }
            if selection.contains(stamp ?? entry.at) { take(document) }
        }
    }

    private mutating func take(_ line: UnsafeRawBufferPointer) {
        progress.exportedCount += 1
        progress.byteCount += Int64(line.count) + 1
        visit(line)
    }

    /// Tells what is wrong, once however often it is met; what is only worth knowing is passed over.
    private mutating func tell(_ finding: Finding) {
        guard finding.severity != .note, told.insert(finding).inserted else { return }
        if finding.severity == .damage { progress.damageCount += 1 } else { progress.unreadableCount += 1 }
        report(finding)
    }
}

extension Export.Selection {
    fileprivate var isBounded: Bool { since != nil || until != nil }

    fileprivate func contains(_ moment: Timestamp) -> Bool {
        (since.map { $0 <= moment } ?? true) && (until.map { moment < $0 } ?? true)
    }
}
