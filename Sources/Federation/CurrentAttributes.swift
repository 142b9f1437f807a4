internal import Catalog
internal import Index
package import JSON
package import Store

/// The newest value of every attribute of an entity.
package struct CurrentAttributes: Sendable {
    private static let pageLength = 256

    private let attributes: DocumentCollection

    package init(store: Store) {
        attributes = store.collection(Resource.attributes.name)
    }

    /// Returns the newest values by key; takes time with the length of the entity's history.
    package func values(of entityID: String) async throws -> JSONObject {
        try await onThreadPool { try newest(of: entityID) }
    }

    /// Walks the entity's attributes from the newest on.
    private func newest(of entityID: String) throws -> JSONObject {
        var query = Query(filter: Filter([Condition("entity_id", .exactly(entityID))]), limit: Self.pageLength)
        var values = JSONObject()
        while true {
            let page = try attributes.list(query)
            for document in page.documents {
                let attribute = try document.object
                guard let key = attribute["key"]?.string, values[key] == nil else { continue }
                values[key] = attribute["value"]
            }
            query.skip += page.documents.count
            guard page.documents.count == Self.pageLength else { return values }
        }
    }
}
