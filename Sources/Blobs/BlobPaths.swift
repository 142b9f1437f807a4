/// The id of an upload, and of the blob it becomes.
///
/// Shape: a UUID in lower case, `7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f`. Text from a request becomes part of a path only
/// as such an id, so the path cannot leave its directory.
package struct BlobID: Sendable, Hashable {
    package let text: String

    /// Nil for anything but 36 bytes of lower-case hex digits and hyphens in a UUID's places.
    package init?(_ text: String) {
        let hyphens = [8, 13, 18, 23]
        guard text.utf8.count == 36 else { return nil }
        for (place, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "-"): guard hyphens.contains(place) else { return nil }
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"):
                guard !hyphens.contains(place) else { return nil }
            default: return nil
            }
        }
        self.text = text
    }
}

/// The paths of all uploads and blobs; no other code composes or parses them.
///
/// Shape, below the data directory:
///
///     uploads/<upload_id>/journal.jsonl
///     uploads/<upload_id>/data.part        while chunks arrive
///     uploads/<upload_id>/complete.zst     when complete
///     blobs/<aa>/<blob_id>.zst             when claimed; aa = the first two characters of the id
///
/// Source: docs/FORMAT.md, "Uploads" and "Blobs".
package struct BlobPaths: Sendable, Hashable {
    package let uploads: String
    package let blobs: String

    package init(_ directory: String) {
        uploads = "\(directory)/uploads"
        blobs = "\(directory)/blobs"
    }

    package func upload(_ id: BlobID) -> String { "\(uploads)/\(id.text)" }
    package func journal(of id: BlobID) -> String { Self.journal(inUpload: upload(id)) }
    package func data(of id: BlobID) -> String { Self.data(inUpload: upload(id)) }
    package func complete(_ id: BlobID) -> String { Self.complete(inUpload: upload(id)) }
    package func directory(of id: BlobID) -> String { "\(blobs)/\(id.text.prefix(2))" }
    package func blob(_ id: BlobID) -> String { "\(directory(of: id))/\(id.text).zst" }

    static func journal(inUpload directory: String) -> String { "\(directory)/journal.jsonl" }
    static func data(inUpload directory: String) -> String { "\(directory)/data.part" }
    static func complete(inUpload directory: String) -> String { "\(directory)/complete.zst" }

    /// Returns the id of the blob with this file name in a directory `<aa>`; nil for any other file.
    package static func blobID(named name: String, in directory: String) -> BlobID? {
        guard name.hasSuffix(".zst"), let id = BlobID(String(name.dropLast(4))), id.text.hasPrefix(directory),
            directory.utf8.count == 2
        else { return nil }
        return id
    }
}
