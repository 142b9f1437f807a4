package import JSON

/// One member of a resource's documents.
package struct Field: Sendable, Hashable {
    /// What a value must be; `null` is allowed in every field that is not required.
    package enum Kind: String, Sendable, CaseIterable {
        /// A non-empty string of at most 256 bytes: the document's key.
        case identifier
        case string
        case number
        /// A number without a fraction that fits 64 bits.
        case integer
        case bool
        /// Text of RFC 3339, any offset; kept as UTC with microseconds.
        case timestamp
        /// Any JSON value.
        case json
        case object
        /// Who sent or receives something: `name`, `role`, and `client_id` or `combiner_id`.
        case nodeRef
    }

    /// What a field's index answers.
    package enum Index: Sendable, Hashable {
        /// Equality and counts by value.
        case postings
        /// Ranges and sorting.
        case ordered
    }

    package let name: String
    package let kind: Kind
    package let isRequired: Bool
    package let index: Index?
    /// Where the value is taken from when the client left it out: the first of these paths that has one.
    ///
    /// This is how both dialects of a document, FEDn's and the 1.1 reference's, end up with the same fields.
    package let sources: [FieldPath]

    /// A field that must have a value, sent or taken from `sources`.
    package static func required(
        _ name: String,
        _ kind: Kind,
        _ index: Index? = nil,
        from sources: String...
    ) -> Field {
        Field(name: name, kind: kind, isRequired: true, index: index, sources: sources.map { FieldPath($0) })
    }

    /// A field that is `null` when it has no value.
    package static func optional(
        _ name: String,
        _ kind: Kind,
        _ index: Index? = nil,
        from sources: String...
    ) -> Field {
        Field(name: name, kind: kind, isRequired: false, index: index, sources: sources.map { FieldPath($0) })
    }
}

extension Field {
    /// The members of a ``Kind/nodeRef``, in the order they are emitted.
    package static let nodeRefMembers = ["name", "role", "client_id", "combiner_id"]
}
