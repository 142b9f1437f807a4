package import Disk
internal import SegmentLog

/// One thing about a data directory that its reader should know: which file, where in it, and what.
package struct Finding: Sendable, Hashable {
    /// What a finding means for the data.
    package enum Severity: String, Sendable, CaseIterable {
        /// Something that was durable is not what was written.
        case damage
        /// It could not be read, so nobody can tell.
        case unreadable
        /// As it should be, or harmless; worth knowing.
        case note
    }

    package enum Reason: Sendable, Hashable {
        case corrupt(Corruption.Reason)
        case disk(StorageError)

        // ledge.json
        case missingIdentity
        case damagedIdentity

        /// A live document names a blob that is not there.
        case missingBlob(document: String)
        /// The index of a sealed segment is not what was written; its records are, so it can be made again.
        case damagedIndex(Corruption.Reason)

        // Notes.
        /// What a crash or a write under way leaves at the end of a log or an upload: the server cuts it off.
        ///
        /// Of a log nothing in it was acknowledged; an upload goes on before it.
        case neverDurable(byteCount: Int64)
        /// The journal of a complete upload, which nothing reads any more, does not verify.
        case obsoleteJournal
        /// A sealed segment has no index file: the next start rebuilds it.
        case missingIndex
        /// No live document names the blob: a crash, or an upload that was claimed and not published.
        case orphanBlob
        /// A name this build does not make.
        case unknownEntry
        /// A collection that no resource of this build has.
        case unknownCollection
        /// It was there when the directory was listed, and is not any more: a server is at work.
        case wentAway
    }

    /// Where it stands, as a path that can be opened from here.
    package let path: String
    /// Bytes from the start of the file; nil where the whole file is meant.
    package let offset: Int64?
    /// The record's sequence, or the one that was expected there.
    package let record: UInt64?
    package let reason: Reason

    package init(path: String, offset: Int64? = nil, record: UInt64? = nil, reason: Reason) {
        self.path = path
        self.offset = offset
        self.record = record
        self.reason = reason
    }

    /// A record that no collection of this build could have written.
    init(foreign entry: LogEntry, in directory: String) {
        self.init(
            path: "\(directory)/\(SegmentName.make(entry.pointer.segment, entry.form))",
            offset: Int64(entry.pointer.offset),
            record: entry.sequence,
            reason: .corrupt(.foreignRecord)
        )
    }

    package init(_ corruption: Corruption) {
        self.init(
            path: corruption.path,
            offset: corruption.offset,
            record: corruption.sequence,
            reason: .corrupt(corruption.reason)
        )
    }

    /// What stopped the reading of something at a path.
    init(_ error: StorageError, at path: String) {
        if case .corrupt(let corruption) = error {
            self.init(corruption)
        } else {
            self.init(path: error.failedCall?.path ?? path, reason: .disk(error))
        }
    }

    package var severity: Severity {
        switch reason {
        case .corrupt(.unsupportedFormat), .disk: .unreadable
        case .corrupt(.blob(.unexpectedEntry)): .note
        case .corrupt, .missingIdentity, .damagedIdentity, .missingBlob, .damagedIndex: .damage
        case .neverDurable, .obsoleteJournal, .missingIndex, .orphanBlob, .unknownEntry, .unknownCollection, .wentAway:
            .note
        }
    }
}
