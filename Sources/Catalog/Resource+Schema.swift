package import JSON
package import Store

extension Resource {
    /// The collection that keeps this resource's documents, with the indexes its fields declare.
    package var schema: CollectionSchema {
        CollectionSchema(name: name, key: key, indexes: fields.flatMap(\.indexes), isAppendOnly: isAppendOnly)
    }

    /// Every collection of the store: one for each resource, the settings of the server, and the removals of blobs.
    package static let schemas: [CollectionSchema] = all.map(\.schema) + [settings, removals]

    /// The settings of the server, such as the active helper: `{"name":"active_helper","value":"…"}`.
    ///
    /// It has no routes of its own.
    package static let settings = CollectionSchema(name: "settings", key: "name", indexes: [], isAppendOnly: false)

    /// The blobs that are being removed with their documents: `{"blob_id":"7b0c…","document_id":"…"}`.
    ///
    /// It is empty unless a removal was interrupted. It has no routes.
    package static let removals = CollectionSchema(name: "removals", key: "blob_id", indexes: [], isAppendOnly: false)

    /// Returns the path of a filter or sort key with this name.
    package func path(_ name: String) -> FieldPath {
        FieldPath(aliases[name] ?? name)
    }
}

extension Field {
    /// The indexed paths: of the field, or of its members.
    fileprivate var indexes: [FieldPath] {
        if !members.isEmpty { return members.flatMap(\.indexes).map { FieldPath("\(name).\($0.text)") } }
        guard index != nil else { return [] }
        guard kind == .nodeRef else { return [FieldPath(name)] }
        return Self.nodeRefMembers.map { FieldPath("\(name).\($0)") }
    }
}
