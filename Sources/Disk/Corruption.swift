/// A place where stored bytes are not what was written.
package struct Corruption: Sendable, Hashable {
    package let path: String
    /// Bytes from the start of the file; 0 where the whole file is meant.
    ///
    /// In a log it is the first byte of the line, counted in the lines of the segment also where they are compressed.
    package let offset: Int64
    /// The record that was expected there, where that is known.
    package let sequence: UInt64?
    package let reason: Reason

    package init(path: String, offset: Int64 = 0, sequence: UInt64? = nil, reason: Reason) {
        self.path = path
        self.offset = offset
        self.sequence = sequence
        self.reason = reason
    }

    /// What is wrong there: the first cases are those of logs and of files that are one checked line.
    package enum Reason: Error, Sendable, Hashable {
        /// A line, or the manifest, does not match its checksum.
        case checksumMismatch
        /// One bit of the byte at this offset is not what was written; what was written is known.
        case flippedBit(at: Int64)
        /// The checksum holds but the text is not of this format.
        case malformed
        /// Durable bytes that do not end in a newline.
        case missingLineEnd
        /// A line follows that belongs elsewhere; `expected` is missing or in the wrong place.
        case outOfOrder(expected: UInt64, found: UInt64)
        /// A file is longer or shorter than the manifest says; for the active segment `expected` is a minimum.
        case wrongByteCount(expected: Int64, found: Int64)
        /// A closed segment ends with another sequence than the manifest says.
        case wrongLastSequence(expected: UInt64, found: UInt64)
        /// A closed segment's records hold, but the file is not the one the manifest lists.
        case fileChecksumMismatch
        /// A frame of a sealed segment, at this offset of its file, cannot be restored.
        case damagedFrame(at: Int64)
        /// The table that finds the frames of a sealed segment is not the one that was written.
        case damagedSeekTable
        /// A segment has more or fewer records than the manifest says.
        case wrongRecordCount(expected: Int, found: Int)
        /// A segment's first and last record are not of the times the manifest says.
        case wrongTimes
        /// There are segments but no manifest.
        case missingManifest
        /// The manifest lists a segment that is not there.
        case missingSegment
        /// A segment with records in it that the manifest does not list.
        case unlistedSegment
        /// The manifest is of a newer format than this build reads.
        case unsupportedFormat(Int64)

        /// A checksum holds, but no collection could have written the record.
        case foreignRecord
        /// The document with this id is not one that this build can have stored.
        case malformedDocument(id: String)

        case index(Index)
        case blob(Blob)
    }

    /// What is wrong with the index file of a sealed segment.
    package enum Index: Sendable, Hashable {
        // The line at its head.
        case tornHeader
        case malformedHeader
        case headerChecksumMismatch
        case unknownFormat
        // The header verifies.
        case ofOtherSegment
        case ofOtherSchema
        /// The table of the blocks' checksums does not match its own.
        case tableChecksumMismatch
        /// The block that begins at this offset does not match its checksum.
        case blockChecksumMismatch(at: Int)
        /// The checksums hold, but what is at this offset cannot be in this index.
        case malformed(at: Int)
    }

    /// What is wrong with a stored file or an upload.
    package enum Blob: Sendable, Hashable, CaseIterable {
        // The file as a whole.
        case unexpectedEntry, missing, truncated
        // Tail.
        case seekTable, metadata, identity
        // Content.
        case frame, frameChecksum, storedBytes, content
        // Journals.
        case journal, journalOrder, chunk
    }
}
