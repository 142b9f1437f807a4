internal import Blobs
package import JSON
internal import SegmentLog

extension Finding: CustomStringConvertible {
    /// Shape: `damage: data/collections/statuses/0…1.jsonl at 5210, record 17: the checksum does not match`.
    package var description: String {
        var place = path
        if let offset { place += " at \(offset)" }
        if let record { place += ", record \(record)" }
        return "\(severity.rawValue): \(place): \(reason)"
    }

    /// Shape: `{"severity":"damage","file":"…","offset":5210,"record":17,"reason":"…"}`; what is not known is null.
    package var json: JSON {
        [
            "severity": .string(severity.rawValue),
            "file": .string(path),
            "offset": offset.map { .number(JSONNumber($0)) } ?? .null,
            "record": record.map { .number(JSONNumber(Int64($0))) } ?? .null,
            "reason": .string("\(reason)"),
        ]
    }
}

extension Finding.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .log(let reason): reason.text
        case .blob(let reason): reason.rawValue
        case .disk(let error): "it cannot be read: \(error)"
        case .missingIdentity: "the file is missing"
        case .damagedIdentity: "the checksum does not match"
        case .foreignRecord: "the checksum holds, but this is no record of a document"
        case .missingBlob(let document): "document \(document) names this blob, and it is not there"
        case .damagedIndex(let reason): "\(reason); the index can be removed, and the next start makes it again"
        case .missingIndex: "the index of the segment is not there; the next start makes it again"
        case .neverDurable(let byteCount): "\(byteCount) bytes that never became durable; the server cuts them off"
        case .obsoleteJournal: "the line does not verify, and is not needed: the upload is complete"
        case .orphanBlob: "no document names this blob"
        case .unknownEntry: "not a name this build makes"
        case .unknownCollection: "no resource of this build has this collection"
        case .wentAway: "it was moved or removed while it was checked"
        }
    }
}

extension Corruption.Reason {
    fileprivate var text: String {
        switch self {
        case .checksumMismatch: "the checksum does not match"
        case .flippedBit(let offset): "one bit of byte \(offset) has flipped; ledge repair turns it back"
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
        }
    }
}
