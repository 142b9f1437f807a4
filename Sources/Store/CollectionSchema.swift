package import Index
package import JSON

/// The name of a collection, the member of its documents that is their id, and the fields it indexes.
package struct CollectionSchema: Sendable, Hashable {
    /// The name of its directory and of its log, for example `statuses`.
    package let name: String
    /// The member that contains a document's id, for example `status_id`: a string, unique in the collection.
    package let key: String
    /// The fields that are indexed, each once.
    ///
    /// `committed_at` and the key are indexed in addition.
    package let indexes: [FieldPath]
    /// Whether documents are events: inserted once, never replaced or deleted.
    ///
    /// Such a collection never searches the older record of an id, and its log is in order of `committed_at`.
    package let isAppendOnly: Bool

    package init(name: String, key: String, indexes: [FieldPath], isAppendOnly: Bool) {
        self.name = name
        self.key = key
        self.indexes = indexes
        self.isAppendOnly = isAppendOnly
    }

    /// The part of the schema that the collection's indexes depend on.
    package var indexSchema: IndexSchema {
        IndexSchema(log: name, paths: indexes, isAppendOnly: isAppendOnly)
    }
}

/// The members that a collection adds to each document, at its end, as RFC 3339 text of 27 bytes.
enum Stamp {
    static let committedAt = FieldPath.committedAt.text
    static let updatedAt = "updated_at"
}
