/// The id of an upload, and of the blob it becomes: one id, one thing.
///
/// Shape: a UUID in lower case, `7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f`. Nothing else is an id, so text from a request
/// becomes part of a path only through here, and a path made from it cannot leave its directory.
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

/// Every name this room has on disk, made and parsed here only.
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
    package func shelf(of id: BlobID) -> String { "\(blobs)/\(id.text.prefix(2))" }
    package func blob(_ id: BlobID) -> String { "\(shelf(of: id))/\(id.text).zst" }

    static func journal(inUpload directory: String) -> String { "\(directory)/journal.jsonl" }
    static func data(inUpload directory: String) -> String { "\(directory)/data.part" }
    static func complete(inUpload directory: String) -> String { "\(directory)/complete.zst" }

    /// Returns the id of the blob that a name on a shelf stands for, or nil where it is not one of ours.
    package static func blobID(named name: String, onShelf shelf: String) -> BlobID? {
        guard name.hasSuffix(".zst"), let id = BlobID(String(name.dropLast(4))), id.text.hasPrefix(shelf),
            shelf.utf8.count == 2
        else { return nil }
        return id
    }
}
