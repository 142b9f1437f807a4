internal import Disk
package import JSON

extension Finding: CustomStringConvertible {
    /// Shape: `damage: data/collections/statuses/0…1.jsonl at 5210, record 17: the checksum does not match`, for a blob
    /// with its owner: `damage: data/blobs/7b/7b… at 4096: the checksum does not match (models 5f…, name "mlp")`.
    package var description: String {
        var place = path
        if let offset { place += " at \(offset)" }
        if let record { place += ", record \(record)" }
        return "\(severity.rawValue): \(place): \(reason)" + (owner.map { " (\($0))" } ?? "")
    }

    /// Shape: `{"severity":"damage","file":"…","offset":5210,"record":17,"reason":"…","owner":null}`; unknown values are
    /// null.
    ///
    /// The owner of a blob is `{"collection":"models","id":"…","name":"…","session_id":"…"}`.
    package var json: JSON {
        [
            "severity": .string(severity.rawValue),
            "file": .string(path),
            "offset": offset.map { .number(JSONNumber($0)) } ?? .null,
            "record": record.map { .number(JSONNumber(Int64($0))) } ?? .null,
            "reason": .string("\(reason)"),
            "owner": owner?.json ?? .null,
        ]
    }
}

extension Finding.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .corrupt(let reason): "\(reason)"
        case .disk(let error): "it cannot be read: \(error)"
        case .missingIdentity: "the file is missing"
        case .damagedIdentity: "the checksum does not match"
        case .missingBlob: "a document names this blob, but it is missing"
        case .damagedIndex(let reason): "\(reason); the index can be removed, and the next start rebuilds it"
        case .outdatedIndex(let reason): "\(reason); the next start rebuilds it"
        case .missingIndex: "the index of the segment is missing; the next start rebuilds it"
        case .neverDurable(let byteCount): "\(byteCount) bytes were never durable; the server cuts them off"
        case .obsoleteJournal: "the line does not match its checksum; it is not needed, because the upload is complete"
        case .orphanBlob: "no document names this blob"
        case .unknownEntry: "not a Ledge file, ignored"
        case .unknownCollection: "no resource of this build has this collection"
        case .disappeared: "the file was moved or removed during the check"
        }
    }
}
