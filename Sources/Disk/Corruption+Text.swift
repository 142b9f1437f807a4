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
        case .malformed: "the checksum matches, but the text does not have the expected format"
        case .missingLineEnd: "the last durable line does not end in a newline"
        case .outOfOrder(let expected, let found): "expected record \(expected), found record \(found)"
        case .wrongByteCount(let expected, let found): "the manifest lists \(expected) bytes, the file has \(found)"
        case .wrongLastSequence(let expected, let found):
            "the manifest lists \(expected) as its last record, found \(found)"
        case .fileChecksumMismatch: "the file's checksum differs from the one in the manifest"
        case .damagedFrame(let offset): "the frame at byte \(offset) of the file is damaged"
        case .damagedSeekTable: "its seek table is damaged"
        case .wrongTimes: "the times of its first and last record differ from the manifest"
        case .wrongRecordCount(let expected, let found): "the manifest lists \(expected) records, found \(found)"
        case .missingManifest: "the file is missing, although the directory has segments"
        case .missingSegment: "the segment is missing, although the manifest lists it"
        case .unlistedSegment: "the segment has records, but the manifest does not list it"
        case .unsupportedFormat(let format): "format \(format) is newer than this build can read"
        case .foreignRecord: "the checksum matches, but this is not a record of a document"
        case .malformedDocument(let id): "document \(id) violates the rules of its resource"
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
        case .headerChecksumMismatch: "the header does not match its checksum"
        case .otherFormat: "the file is of another format than this build writes"
        case .ofOtherSegment: "the index belongs to another segment"
        case .ofOtherSchema: "the index was built for another schema"
        case .tableChecksumMismatch: "the checksum table does not match its own checksum"
        case .blockChecksumMismatch(let offset): "the block at \(offset) does not match its checksum"
        case .malformed(let offset): "the checksums match, but the content at \(offset) is malformed"
        case .collidingIDs: "more ids than chance explains have one hash"
        }
    }
}

extension Corruption.Blob: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unexpectedEntry: "unexpected file in this directory"
        case .missing: "the file is missing"
        case .truncated: "the file is truncated"
        case .seekTable: "the seek table does not describe this file"
        case .metadata: "the metadata frame does not match its checksum or is malformed"
        case .identity: "the metadata belongs to another blob"
        case .frame: "the frame cannot be decoded"
        case .frameChecksum: "the frame's content does not match its checksum"
        case .storedBytes: "the stored bytes differ from those that were written"
        case .content: "the content does not match its digest"
        case .journal: "the journal line does not match its checksum or is malformed"
        case .journalOrder: "the journal line does not continue the previous one"
        case .chunk: "the chunk does not match its journal line"
        }
    }
}
