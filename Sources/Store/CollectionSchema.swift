package import JSON

/// What a collection is called, which member of its documents is their id, and what its indexes answer.
///
/// Indexes are derived from the documents, and made again where a file is of another schema: so a schema may gain and
/// lose them freely.
package struct CollectionSchema: Sendable, Hashable {
    /// The name of its directory and of its log, for example `statuses`.
    package let name: String
    /// The member that holds a document's id, for example `status_id`: a string, unique in the collection.
    package let key: String
    /// The fields a query can use without reading documents.
    ///
    /// `committed_at` and the key are always among them.
    package let indexes: [FieldIndex]
    /// Whether documents are events: inserted once, never replaced or deleted.
    ///
    /// Such a collection never looks for the older record of an id, and its log is in order of `committed_at`.
    package let isAppendOnly: Bool
    /// The path of each index, in their order.
    let paths: [FieldPath]

    package init(name: String, key: String, indexes: [FieldIndex], isAppendOnly: Bool) {
        self.name = name
        self.key = key
        self.indexes = indexes
        self.isAppendOnly = isAppendOnly
        paths = indexes.map(\.path)
    }
}

/// One indexed field of a collection.
package struct FieldIndex: Sendable, Hashable {
    /// What an index of the field answers.
    package enum Kind: Sendable, Hashable {
        /// Equality and its negation: for each value, the rows that have it.
        case postings
        /// Everything, from one value a row: ranges and sorting too, though equality at the cost of a pass over the rows.
        case ordered
    }

    package let path: FieldPath
    package let kind: Kind

    package init(path: FieldPath, kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

extension FieldPath {
    /// When a document was first stored: stamped by the collection, kept for good.
    static let committedAt = FieldPath(Stamp.committedAt)
}

/// The members a collection writes into every document itself, last, as RFC 3339 text of 27 bytes.
enum Stamp {
    static let committedAt = "committed_at"
    static let updatedAt = "updated_at"
}
