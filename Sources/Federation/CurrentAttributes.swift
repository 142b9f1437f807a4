internal import Catalog
internal import Index
package import JSON
package import Store

/// The newest value of every attribute of an entity.
package struct CurrentAttributes: Sendable {
    /// The maximum size of the keys and values of an entity, which are in memory together.
    package static let byteCountMax = 4 << 20

    private let attributes: DocumentCollection

    package init(store: Store) {
        attributes = store.collection(Resource.attributes.name)
    }

    /// Returns the newest values by key; takes time with the length of the entity's history.
    ///
    /// - Throws: ``FederationError/tooManyAttributes(byteCountMax:)``; errors of reading.
    package func values(of entityID: String) async throws -> JSONObject {
        try await onThreadPool { try newest(of: entityID) }
    }

    /// Walks the entity's attributes from the newest on.
    private func newest(of entityID: String) throws -> JSONObject {
        var values = JSONObject()
        var byteCount = 0
        let query = Query(filter: Filter([Condition("entity_id", .exactly(entityID))]))
        try attributes.forEach(query) { document in
            let attribute = try document.object
            guard let key = attribute["key"]?.string, values[key] == nil else { return }
            byteCount += document.bytes.count
            guard byteCount <= Self.byteCountMax else {
                throw FederationError.tooManyAttributes(byteCountMax: Self.byteCountMax)
            }
            values[key] = attribute["value"]
        }
        return values
    }
}
