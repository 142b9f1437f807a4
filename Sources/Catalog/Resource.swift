package import JSON

/// A resource of the API, declared as data.
///
/// Routes, validation, indexes, the list of endpoints and the tests are derived from it; see ``all``. It contains no
/// closures: a resource with operations of its own gets a file of routes in `API`.
package struct Resource: Sendable, Hashable {
    /// Its path segment, and the name of its collection and of that collection's directory.
    package let name: String
    /// The field that identifies a document, and what `{id}` in paths means.
    package let key: String
    package let operations: Operations
    /// Whether a document is an event, which is never changed; such a collection has no cost for replacement.
    package let isAppendOnly: Bool
    /// Every field of a document but the two stamps, in the order they are emitted; the key comes first.
    package let fields: [Field]
    /// Whether a document from an unknown sender is refused.
    package let insistsOnSenders: Bool
    /// The fields a `PATCH` may change; nil where it may change any but the key.
    package let mutableFields: Set<String>?
    /// Names that filters may use for another path, such as `client_id` for `sender.client_id`.
    package let aliases: [String: String]
    /// Where a document names the blob it owns; nil where it owns none.
    package let blob: BlobReference?

    package init(
        name: String,
        key: String,
        operations: Operations,
        isAppendOnly: Bool = false,
        fields: [Field],
        insistsOnSenders: Bool = false,
        mutableFields: Set<String>? = nil,
        aliases: [String: String] = [:],
        blob: BlobReference? = nil
    ) {
        self.name = name
        self.key = key
        self.insistsOnSenders = insistsOnSenders
        self.mutableFields = mutableFields
        self.operations = operations
        self.isAppendOnly = isAppendOnly
        self.fields = [.optional(key, .identifier)] + fields
        self.aliases = aliases
        self.blob = blob
    }

    /// The fields the store sets on every document; values that a client sends are ignored.
    package static let stamps = ["committed_at", "updated_at"]
}

extension Resource {
    /// The operations of the generic routes; other operations are in the resource's own file of routes.
    package struct Operations: OptionSet, Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) {
            self.rawValue = rawValue
        }

        /// `GET /name` and `POST /name/list`.
        package static let list = Operations(rawValue: 1 << 0)
        /// `GET /name/count` and `POST /name/count`.
        package static let count = Operations(rawValue: 1 << 1)
        /// `GET /name/{id}`.
        package static let get = Operations(rawValue: 1 << 2)
        /// `POST /name`.
        package static let create = Operations(rawValue: 1 << 3)
        /// `DELETE /name/{id}`.
        package static let delete = Operations(rawValue: 1 << 4)
        /// `PATCH /name/{id}`, of the fields that may change.
        package static let change = Operations(rawValue: 1 << 5)

        /// `POST /name` with many documents, one on each line.
        package static let ingest = Operations(rawValue: 1 << 6)

        package static let readable: Operations = [.list, .count, .get]
    }
}

extension Resource {
    /// Where the documents of a resource name the blob they own.
    package struct BlobReference: Sendable, Hashable {
        package let path: FieldPath
        /// Whether the blob exists as long as its document.
        package let isPermanent: Bool

        /// A blob that is deleted with its document only.
        package static func permanent(_ path: FieldPath) -> Self { Self(path: path, isPermanent: true) }

        /// A blob that may be deleted before its document, such as an update that was averaged.
        package static func temporary(_ path: FieldPath) -> Self { Self(path: path, isPermanent: false) }
    }

    /// One of them: `client` for `clients`.
    package var singular: String {
        if name.hasSuffix("uses") { return String(name.dropLast(2)) }
        return name.hasSuffix("s") ? String(name.dropLast()) : name
    }
}
