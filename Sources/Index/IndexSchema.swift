package import JSON

/// The indexes of one log: which fields are indexed, and whether ids repeat.
///
/// An index file contains its schema. A file with another schema is not used but rebuilt from the log, so a schema may
/// gain and lose fields freely.
package struct IndexSchema: Sendable, Hashable {
    /// The name of the log.
    package let log: String
    /// The indexed fields, each once.
    ///
    /// `committed_at` and the ids of records are indexed in addition.
    package let paths: [FieldPath]
    /// Whether records are events: each has an id of its own, none is a tombstone.
    package let isAppendOnly: Bool

    /// - Precondition: No path is repeated.
    package init(log: String, paths: [FieldPath], isAppendOnly: Bool) {
        precondition(Set(paths).count == paths.count, "a field is indexed once")
        self.log = log
        self.paths = paths
        self.isAppendOnly = isAppendOnly
    }
}

extension FieldPath {
    /// The time at which a document was first stored.
    package static let committedAt: FieldPath = "committed_at"
}
