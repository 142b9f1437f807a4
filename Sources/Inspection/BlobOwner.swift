internal import Catalog
internal import JSON

/// A live document and the blob that it owns.
package struct BlobOwner: Sendable, Hashable {
    package let collection: String
    package let documentID: String
    /// Its `name` and `session_id`, by which people know it.
    package let name: String?
    package let sessionID: String?
    let blobID: String
    /// Whether the blob must exist.
    let isPermanent: Bool

    /// Nil if the document names no blob.
    init?(
        _ documentID: String,
        in collection: String,
        _ document: UnsafeRawBufferPointer,
        _ reference: Resource.BlobReference
    ) {
        guard let blobID = JSONScanner.first(reference.path, of: document)?.string else { return nil }
        self.collection = collection
        self.documentID = documentID
        name = JSONScanner.first("name", of: document)?.string
        sessionID = JSONScanner.first("session_id", of: document)?.string
        self.blobID = blobID
        isPermanent = reference.isPermanent
    }

    var json: JSON {
        [
            "collection": .string(collection),
            "id": .string(documentID),
            "name": name.map { .string($0) } ?? .null,
            "session_id": sessionID.map { .string($0) } ?? .null,
        ]
    }
}

extension BlobOwner: CustomStringConvertible {
    /// Shape: `models 5f…, name "mlp", session 01…`.
    package var description: String {
        let texts = ["\(collection) \(documentID)", name.map { "name \"\($0)\"" }, sessionID.map { "session \($0)" }]
        return texts.compactMap(\.self).joined(separator: ", ")
    }
}
