extension Corruption: CustomStringConvertible {
    /// For the log and the operator's terminal: `data/blobs/7b/7b….zst at 5210: the frame cannot be decoded`.
    package var description: String {
        "\(path) at \(offset)\(sequence.map { ", record \($0)" } ?? ""): \(reason)"
    }
}

extension Corruption.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .checksumMismatch: "the checksum does not match"
        case .flippedBit(let offset): "one bit of byte \(offset) has flipped; ledge repair restores it"
        case .malformed: "the checksum matches, but the text is not of this format"
        case .missingLineEnd: "durable bytes that do not end in a newline"
        case .outOfOrder(let expected, let found): "record \(expected) is expected here, and this is record \(found)"
        case .wrongByteCount(let expected, let found): "the manifest says \(expected) bytes, and there are \(found)"
        case .wrongLastSequence(let expected, let found):
            "the manifest says it ends with \(expected), not with \(found)"
        case .fileChecksumMismatch: "the file is not the one the manifest lists"
        case .damagedFrame(let offset): "the frame at byte \(offset) of the file is not the one that was written"
        case .damagedSeekTable: "the table that finds its frames is not the one that was written"
        case .wrongTimes: "its first and last record are not of the times the manifest says"
        case .wrongRecordCount(let expected, let found): "the manifest says \(expected) records, and there are \(found)"
        case .missingManifest: "the file is missing, and there are segments beside it"
        case .missingSegment: "the manifest lists this segment, and it is not there"
        case .unlistedSegment: "a segment with records in it that the manifest does not list"
        case .unsupportedFormat(let format): "format \(format) is newer than this build reads"
        case .foreignRecord: "the checksum holds, but this is no record of a document"
        case .malformedDocument(let id): "document \(id) is not one that this build can have stored"
        case .index(let index): "\(index)"
        case .blob(let blob): "\(blob)"
        }
    }
}

extension Corruption.Index: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tornHeader: "the header is torn"
        case .malformedHeader: "the header is malformed"
        case .headerChecksumMismatch: "the header is checksumMismatch"
        case .unknownFormat: "the header is of another format"
        case .ofOtherSegment: "it is the index of another segment"
        case .ofOtherSchema: "it is the index of another schema"
        case .tableChecksumMismatch: "the table of checksums does not match its own"
        case .blockChecksumMismatch(let offset): "the block at \(offset) does not match its checksum"
        case .malformed(let offset): "the checksums match, but what is at \(offset) is not of this format"
        }
    }
}

extension Corruption.Blob: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unexpectedEntry: "not a name this directory holds"
        case .missing: "the file is missing"
        case .truncated: "the file is shorter than its parts"
        case .seekTable: "the seek table does not describe this file"
        case .metadata: "the metadata frame fails its checksum or is malformed"
        case .identity: "the metadata belongs to another blob"
        case .frame: "the frame cannot be decoded"
        case .frameChecksum: "the frame's content fails its checksum"
        case .storedBytes: "the stored bytes are not those that were written"
        case .content: "the content is not what its digest says"
        case .journal: "the journal line fails its checksum or is malformed"
        case .journalOrder: "the journal line does not follow from the one before"
        case .chunk: "the chunk is not what its journal line says"
        }
    }
}
