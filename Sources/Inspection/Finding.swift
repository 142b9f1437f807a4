package import Disk
internal import SegmentLog

/// One finding about a data directory: its file, its place in the file, and its reason.
package struct Finding: Sendable, Hashable {
    /// The severity of a finding.
    package enum Severity: String, Sendable, CaseIterable {
        /// Durable bytes differ from what was written.
        case damage
        /// The file could not be read, so its state is unknown.
        case unreadable
        /// Normal or harmless, for information.
        case note
    }

    package enum Reason: Sendable, Hashable {
        case corrupt(Corruption.Reason)
        case disk(StorageError)

        // ledge.json
        case missingIdentity
        case damagedIdentity

        /// A live document names a missing blob.
        case missingBlob
        /// The index of a sealed segment is damaged, but its records are not, so it can be rebuilt.
        case damagedIndex(Corruption.Reason)

        // Notes.
        /// Incomplete bytes of a crash or a running write at the end of a log or an upload; the server cuts them off.
        ///
        /// None of them were acknowledged; an upload continues before them.
        case neverDurable(byteCount: Int64)
        /// The journal of a complete upload, which is not needed any more, does not match its checksum.
        case obsoleteJournal
        /// A sealed segment has no index file: the next start rebuilds it.
        case missingIndex
        /// The index of a sealed segment is of another format or schema: the next start rebuilds it.
        case outdatedIndex(Corruption.Reason)
        /// No live document names the blob, for example after a crash, or if an upload was claimed but not published.
        case orphanBlob
        /// Not a Ledge file.
        case unknownEntry
        /// A collection that no resource of this build has.
        case unknownCollection
        /// The file disappeared after the directory was listed, because a server is running.
        case disappeared
    }

    /// The path of the file, relative to the current directory or absolute.
    package let path: String
    /// The offset in the file in bytes; nil for the whole file.
    package let offset: Int64?
    /// The record's sequence, or the one that was expected there.
    package let record: UInt64?
    package let reason: Reason
    /// The live document whose blob the file is; nil for other files.
    package let owner: BlobOwner?

    package init(
        path: String,
        offset: Int64? = nil,
        record: UInt64? = nil,
        reason: Reason,
        owner: BlobOwner? = nil
    ) {
        self.path = path
        self.offset = offset
        self.record = record
        self.reason = reason
        self.owner = owner
    }

    /// Creates the finding of a record that no collection of this build writes.
    init(foreign entry: LogEntry, in directory: String) {
        self.init(
            path: "\(directory)/\(SegmentName.make(entry.pointer.segment, entry.form))",
            offset: Int64(entry.pointer.offset),
            record: entry.sequence,
            reason: .corrupt(.foreignRecord)
        )
    }

    package init(_ corruption: Corruption, owner: BlobOwner? = nil) {
        self.init(
            path: corruption.path,
            offset: corruption.offset,
            record: corruption.sequence,
            reason: .corrupt(corruption.reason),
            owner: owner
        )
    }

    /// Creates the finding of an error while reading a file.
    init(_ error: StorageError, at path: String, owner: BlobOwner? = nil) {
        if case .corrupt(let corruption) = error {
            self.init(corruption, owner: owner)
        } else {
            self.init(path: error.failedCall?.path ?? path, reason: .disk(error), owner: owner)
        }
    }

    package var severity: Severity {
        switch reason {
        case .corrupt(.unsupportedFormat), .disk: .unreadable
        case .corrupt(.blob(.unexpectedEntry)): .note
        case .corrupt, .missingIdentity, .damagedIdentity, .missingBlob, .damagedIndex: .damage
        case .neverDurable, .obsoleteJournal, .missingIndex, .outdatedIndex, .orphanBlob, .unknownEntry,
            .unknownCollection, .disappeared:
            .note
        }
    }
}
