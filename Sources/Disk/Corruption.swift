/// A place where stored bytes differ from what was written.
package struct Corruption: Sendable, Hashable {
    package let path: String
    /// Bytes from the start of the file; 0 for the whole file.
    ///
    /// In a log, it is the first byte of the line, counted in the uncompressed lines of the segment.
    package let offset: Int64
    /// The record that was expected there; nil if unknown.
    package let sequence: UInt64?
    package let reason: Reason

    package init(path: String, offset: Int64 = 0, sequence: UInt64? = nil, reason: Reason) {
        self.path = path
        self.offset = offset
        self.sequence = sequence
        self.reason = reason
    }

    /// What is wrong there: first the cases of logs and of files that consist of one line with a checksum.
    package enum Reason: Error, Sendable, Hashable {
        /// A line, or the manifest, does not match its checksum.
        case checksumMismatch
        /// One bit of the byte at this offset has flipped; the checksum determines which one.
        case flippedBit(at: Int64)
        /// The checksum matches, but the text does not have the expected format.
        case malformed
        /// The last durable line does not end in a newline.
        case missingLineEnd
        /// A line with another sequence number follows; `expected` is missing or in the wrong place.
        case outOfOrder(expected: UInt64, found: UInt64)
        /// A file is longer or shorter than the manifest says; for the active segment `expected` is a minimum.
        case wrongByteCount(expected: Int64, found: Int64)
        /// A closed segment ends with another sequence than the manifest says.
        case wrongLastSequence(expected: UInt64, found: UInt64)
        /// A closed segment's records match their checksums, but the file does not match the one in the manifest.
        case fileChecksumMismatch
        /// A frame of a sealed segment, at this offset of its file, cannot be restored.
        case damagedFrame(at: Int64)
        /// The seek table of a sealed segment is damaged.
        case damagedSeekTable
        /// A segment has more or fewer records than the manifest says.
        case wrongRecordCount(expected: Int, found: Int)
        /// The times of a segment's first and last record differ from the manifest.
        case wrongTimes
        /// The directory has segments but no manifest.
        case missingManifest
        /// The manifest lists a segment that is missing.
        case missingSegment
        /// A segment has records, but the manifest does not list it.
        case unlistedSegment
        /// The manifest is of a newer format than this build reads.
        case unsupportedFormat(Int64)

        /// The checksum matches, but no collection writes such a record.
        case foreignRecord
        /// The document with this id violates the rules of its resource.
        case malformedDocument(id: String)

        case index(Index)
        case blob(Blob)
    }

    /// What is wrong with the index file of a sealed segment.
    package enum Index: Sendable, Hashable {
        // The header line.
        case tornHeader
        case malformedHeader
        case headerChecksumMismatch
        case otherFormat
        // The header matches its checksum.
        case ofOtherSegment
        case ofOtherSchema
        /// The checksum table of the blocks does not match its own checksum.
        case tableChecksumMismatch
        /// The block that begins at this offset does not match its checksum.
        case blockChecksumMismatch(at: Int)
        /// The checksums match, but the content at this offset is malformed.
        case malformed(at: Int)
        /// More ids than chance explains have one hash.
        case collidingIDs
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
