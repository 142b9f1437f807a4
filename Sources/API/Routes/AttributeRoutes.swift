internal import Catalog
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Store

/// What `attributes` has beyond the generic routes.
struct AttributeRoutes: Sendable {
    let current: CurrentAttributes
    let options: ServerOptions

    init(store: Store, options: ServerOptions) {
        current = CurrentAttributes(store: store)
        self.options = options
    }

    func add(to table: inout RouteTable) {
        table.add(
            .post("attributes/current"),
            "Returns the newest value of every attribute of some nodes, by node and key.",
            body: .json(.object([.required("entity_ids", .texts, "Also accepted as node_ids or client_ids")])),
            answers: .ok(.map(.map(.string))),
            use: values
        )
    }

    /// Answers `{"<entity id>":{"<key>":"<value>"}}`; an entity nobody reported on has no keys.
    ///
    /// The list has three names: the reference's, the official client's and FEDn's.
    @Sendable func values(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        guard let ids = try ["entity_ids", "node_ids", "client_ids"].lazy.compactMap({ try fields.list($0) }).first,
            !ids.isEmpty
        else { throw RequestError.missingField("entity_ids") }
        var result = JSONObject()
        for id in ids {
            result[id] = .object(try await onThreadPool { [current] in try current.values(of: id) })
        }
        return Response(.object(result))
    }
}

/// The newest value of every attribute of an entity.
struct CurrentAttributes: Sendable {
    private let attributes: Collection

    init(store: Store) {
        attributes = store.collection(Resource.attributes.name)
    }

    /// Walks the entity's attributes from the newest on; blocks, in time with the length of their history.
    func values(of entityID: String) throws -> JSONObject {
        let pageLength = 256
        var query = Query(filter: Filter([Condition("entity_id", .exactly(entityID))]), limit: pageLength)
        var values = JSONObject()
        while true {
            let page = try attributes.list(query)
            for document in page.documents {
                let attribute = try JSON(parsing: document.bytes)
                guard let key = attribute[path: "key"]?.string, values[key] == nil else { continue }
                values[key] = attribute[path: "value"]
            }
            query.skip += page.documents.count
            guard page.documents.count == pageLength else { return values }
        }
    }
}
