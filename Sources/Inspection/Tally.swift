package import JSON

/// The totals of a ``Check``: what it read, and its findings.
package struct Tally: Sendable, Hashable {
    package internal(set) var collectionCount = 0
    package internal(set) var recordCount = 0
    package internal(set) var blobCount = 0
    package internal(set) var uploadCount = 0
    /// The number of bytes of records, blobs and uploads.
    package internal(set) var byteCount: Int64 = 0
    package internal(set) var damageCount = 0
    package internal(set) var unreadableCount = 0
    package internal(set) var noteCount = 0

    mutating func count(_ finding: Finding) {
        switch finding.severity {
        case .damage: damageCount += 1
        case .unreadable: unreadableCount += 1
        case .note: noteCount += 1
        }
    }

    /// The worst finding: damage is worse than unreadable files.
    package var worst: Finding.Severity {
        if damageCount > 0 { .damage } else if unreadableCount > 0 { .unreadable } else { .note }
    }
}

extension Tally {
    /// Shape: `clean: 12 records in 6 collections, 1 blob, 0 unfinished uploads, 1.2 MiB`.
    package var text: String {
        let verdict =
            switch worst {
            case .damage: "damaged in \(Self.counted(damageCount, "place"))"
            case .unreadable: "\(Self.counted(unreadableCount, "thing")) cannot be read"
            case .note: "clean"
            }
        return "\(verdict): \(Self.counted(recordCount, "record")) in \(Self.counted(collectionCount, "collection")), "
            + "\(Self.counted(blobCount, "blob")), \(Self.counted(uploadCount, "unfinished upload")), \(ByteCount(byteCount))"
    }

    /// The number of findings of each severity, and how much was read, as one object.
    ///
    /// Shape: `{"damage":0,"unreadable":0,"notes":0,"collections":6,"records":12,"blobs":1,"unfinished_uploads":0,…}`
    package var json: JSON {
        [
            "damage": .number(JSONNumber(Int64(damageCount))),
            "unreadable": .number(JSONNumber(Int64(unreadableCount))),
            "notes": .number(JSONNumber(Int64(noteCount))),
            "collections": .number(JSONNumber(Int64(collectionCount))),
            "records": .number(JSONNumber(Int64(recordCount))),
            "blobs": .number(JSONNumber(Int64(blobCount))),
            "unfinished_uploads": .number(JSONNumber(Int64(uploadCount))),
            "bytes": .number(JSONNumber(byteCount)),
        ]
    }

    private static func counted(_ count: Int, _ noun: String) -> String {
        count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
    }
}
