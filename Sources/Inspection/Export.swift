internal import Catalog
package import Disk
internal import Federation
package import Index
package import JSON
internal import SegmentLog
internal import Store

/// Reads the documents of one collection from a data directory: their stored bytes, in the order of the log.
///
/// Every line is verified. A line that does not verify is reported and left out; the others are read. It changes
/// nothing and needs no lock. If a server is running, documents that it adds in the meantime may or may not be read; a
/// document that exists all the time is read exactly once.
///
/// Events are read in one pass with constant memory. In collections whose documents can be replaced and deleted, a
/// first pass finds the last record of each id and a second one reads those; memory is an id and a number for each live
/// document.
package struct Export {
    /// The selected documents.
    package struct Selection: Sendable {
        /// Whether to export every record, as its whole line, instead of the live documents.
        package var isHistory: Bool
        /// Selects documents committed at this time or later; in a history, records written at this time or later.
        package var since: Timestamp?
        /// Selects documents committed before this time.
        package var until: Timestamp?
        /// Selects documents that match; a history has all records.
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

    /// The progress, and at the end the totals.
    package struct Progress: Sendable, Hashable {
        /// The number of bytes of all lines read, including a second pass.
        package fileprivate(set) var readByteCount: Int64 = 0
        /// The number of documents, or records of a history, and their bytes with a newline each.
        package fileprivate(set) var exportedCount = 0
        package fileprivate(set) var byteCount: Int64 = 0
        package fileprivate(set) var damageCount = 0
        package fileprivate(set) var unreadableCount = 0

        /// Whether all expected records were read.
        package var isComplete: Bool { damageCount == 0 && unreadableCount == 0 }
    }

    private let name: String
    private let contents: DirectoryScan
    private let selection: Selection
    private let advance: (Progress) -> Void
    private let report: (Finding) -> Void
    private let visit: (UnsafeRawBufferPointer) -> Void
    private var progress = Progress()
    /// The findings that were reported already, because two passes find them.
    private var reported: Set<Finding> = []

    /// Reads the collection `name` of the data directory at `path`.
    ///
    /// Passes the bytes of each document, or of each line of a history, without a newline, to `visit`; they are valid
    /// during the call. Passes each finding to `report` once, and the progress after each record to `advance`.
    /// - Throws: ``InspectionError`` if it is not a data directory, or cannot be read.
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
        for finding in contents.findings { export.reportOnce(finding) }
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

/// The three ways to read a log.
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

    /// Reads the last document of each id, or one that has replaced it in the meantime.
    private mutating func readLiveDocuments() {
        // By bytes: Swift compares strings by canonical equivalence.
        var last: [[UInt8]: UInt64] = [:]
        pass { entry, export in
            guard let record = export.record(of: entry) else { return }
            last[Array(record.id.utf8)] = record.document == nil ? nil : entry.sequence
        }
        // A server may have merged segments since, and removed replaced records: then the next record of the id exists
        // instead, a document or a tombstone.
        pass { entry, export in
            guard let record = export.record(of: entry) else { return }
            let id = Array(record.id.utf8)
            guard let sequence = last[id], entry.sequence >= sequence else { return }
            last[id] = nil
            if let document = record.document { export.take(document, of: entry) }
        }
    }

    /// Passes each record of the log to `body`, in order, and reports findings.
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
                case .violation(let corruption), .flipped(_, let corruption): reportOnce(Finding(corruption))
                case .tornTail: break
                }
            }
        } catch {
            reportOnce(Finding(error, at: directory))
        }
    }

    /// Returns the parsed record; a malformed one is reported.
    private mutating func record(of entry: LogEntry) -> Record? {
        let record = entry.line.withUnsafeBytes { Record($0) }
        if record == nil { reportOnce(Finding(foreign: entry, in: contents.directory.collection(name))) }
        return record
    }

    /// Exports the document in a line, if it is selected.
    private mutating func take(_ range: Range<Int>, of entry: LogEntry) {
        entry.line.withUnsafeBytes { line in
            let document = UnsafeRawBufferPointer(rebasing: line[range])
            guard selection.filter.conditions.allSatisfy({ $0.holds(in: document) }) else { return }
            guard selection.isBounded else { return take(document) }
            let stamp = JSONScanner.first(.committedAt, of: document)?.text.flatMap { Timestamp(rfc3339: $0) }
            if selection.contains(stamp ?? entry.at) { take(document) }
        }
    }

    private mutating func take(_ line: UnsafeRawBufferPointer) {
        progress.exportedCount += 1
        progress.byteCount += Int64(line.count) + 1
        visit(line)
    }

    /// Reports a finding once; notes are ignored.
    private mutating func reportOnce(_ finding: Finding) {
        guard finding.severity != .note, reported.insert(finding).inserted else { return }
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
