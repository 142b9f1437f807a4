/// One place where a stored file or an upload is not what was written.
///
/// Reported by reading, by recovery and by ``BlobCheck``, always with the file and the byte offset in it.
package struct BlobViolation: Sendable, Hashable {
    package enum Reason: String, Sendable, CaseIterable {
        // The file as a whole.
        case unexpectedEntry = "not a name this directory holds"
        case missing = "the file is missing"
        case truncated = "the file is shorter than its parts"
        // Tail.
        case seekTable = "the seek table does not describe this file"
        case metadata = "the metadata frame fails its checksum or is malformed"
        case identity = "the metadata belongs to another blob"
        // Content.
        case frame = "the frame cannot be decoded"
        case frameChecksum = "the frame's content fails its checksum"
        case storedBytes = "the stored bytes are not those that were written"
        case content = "the content is not what its digest says"
        // Journals.
        case journal = "the journal line fails its checksum or is malformed"
        case journalOrder = "the journal line does not follow from the one before"
        case chunk = "the chunk is not what its journal line says"
    }

    package let path: String
    /// In bytes from the start of the file.
    package let offset: Int64
    package let reason: Reason

    package init(path: String, offset: Int64, reason: Reason) {
        self.path = path
        self.offset = offset
        self.reason = reason
    }
}

extension BlobViolation: CustomStringConvertible {
    /// For the log and the operator's terminal: `blobs/7b/7b….zst at 5210: the frame cannot be decoded`.
    package var description: String {
        "\(path) at \(offset): \(reason.rawValue)"
    }
}
