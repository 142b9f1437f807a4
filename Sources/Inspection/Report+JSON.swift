package import JSON
internal import Store

extension Report {
    /// Shape, on one line: `{"directory":…,"format":1,"instance_id":…,"created_at":…,"collections":[…],"blobs":{…},
    /// "unfinished_uploads":[…],"warnings":[…]}`; byte counts are integers, times RFC 3339, unknown values null.
    package var json: JSON {
        [
            "directory": .string(path),
            "format": identity == nil ? .null : .number(JSONNumber(Int64(StoreIdentity.format))),
            "instance_id": identity.map { .string($0.instanceID) } ?? .null,
            "created_at": identity.map { .string($0.createdAt.description) } ?? .null,
            "collections": .array(collections.map(\.json)),
            "blobs": blobs.json,
            "unfinished_uploads": .array(uploads.map(\.json)),
            "warnings": .array(warnings.map(\.json)),
        ]
    }
}

extension Report.Collection {
    fileprivate var json: JSON {
        [
            "name": .string(name),
            "segments": .number(JSONNumber(Int64(segmentCount))),
            "records": .number(JSONNumber(Int64(recordCount))),
            "live": .number(JSONNumber(Int64(liveCount))),
            "dead": .number(JSONNumber(Int64(recordCount - liveCount))),
            "bytes": .number(JSONNumber(byteCount)),
            "stored_bytes": .number(JSONNumber(storedByteCount)),
            "newest": last.map { .string($0.description) } ?? .null,
        ]
    }
}

extension Report.Blobs {
    fileprivate var json: JSON {
        [
            "count": .number(JSONNumber(Int64(count))),
            "bytes": .number(JSONNumber(byteCount)),
            "stored_bytes": .number(JSONNumber(storedByteCount)),
            "ratio": ratio.flatMap { JSONNumber($0) }.map { .number($0) } ?? .null,
        ]
    }
}

extension Report.Upload {
    fileprivate var json: JSON {
        [
            "upload_id": .string(id),
            "file_name": .string(fileName),
            "file_size": byteCount.map { JSON($0) } ?? .null,
            "bytes_received": .number(JSONNumber(receivedByteCount)),
            "complete": .bool(isComplete),
            "last_activity": .string(lastActivity.description),
        ]
    }
}
