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
        /// Text of RFC 3339, any offset, or a Unix time in seconds; kept as UTC text with microseconds.
        case timestamp
        /// Any JSON value.
        case json
        case object
        /// A sender or receiver: `name`, `role`, and `client_id` or `combiner_id`.
        case nodeRef
    }

    /// The conditions that a field's index answers.
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
    /// Where a missing value is taken from: the first of these paths that has one.
    ///
    /// This is how both dialects of a document, FEDn's and the 1.1 reference's, end up with the same fields.
    package let sources: [FieldPath]
    /// The value if the client sent none; may be `null`.
    package let defaultValue: JSON
    /// The declared members of an ``Kind/object``; without any, an object may have any members.
    package let members: [Field]
    /// What a value that a client sends must satisfy besides its kind; stored and imported values need not.
    package private(set) var rule: Rule?

    /// A field that must have a value, sent or taken from `sources`.
    package static func required(
        _ name: String,
        _ kind: Kind,
        _ index: Index? = nil,
        from sources: String...
    ) -> Field {
        Field(name, kind, isRequired: true, index, sources: sources)
    }

    /// A field that is its default, or `null`, when it has no value.
    package static func optional(
        _ name: String,
        _ kind: Kind,
        _ index: Index? = nil,
        from sources: String...,
        default defaultValue: JSON = .null
    ) -> Field {
        Field(name, kind, isRequired: false, index, sources: sources, defaultValue: defaultValue)
    }

    /// An object whose members are declared, and no others allowed; their names in errors and filters are dotted.
    package static func object(_ name: String, isRequired: Bool = false, members: [Field]) -> Field {
        Field(name, .object, isRequired: isRequired, members: members)
    }

    /// Whether documents of earlier versions of this server lack the field; new ones always have it.
    package private(set) var isNew = false

    /// Returns the field, which documents of earlier versions lack.
    var missingInOlderDocuments: Field {
        var field = self
        field.isNew = true
        return field
    }

    /// Returns the field with a rule for the values that clients send.
    func requiring(_ rule: Rule) -> Field {
        var field = self
        field.rule = rule
        return field
    }

    private init(
        _ name: String,
        _ kind: Kind,
        isRequired: Bool,
        _ index: Index? = nil,
        sources: [String] = [],
        defaultValue: JSON = .null,
        members: [Field] = []
    ) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        self.index = index
        self.sources = sources.map { FieldPath($0) }
        self.defaultValue = defaultValue
        self.members = members
    }
}

extension Field {
    /// The members of a ``Kind/nodeRef``, in the order they are emitted.
    package static let nodeRefMembers = ["name", "role", "client_id", "combiner_id"]
}
