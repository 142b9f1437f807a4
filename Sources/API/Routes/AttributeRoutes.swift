internal import Catalog
internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import JSON

/// The routes of `attributes` besides the generic ones.
struct AttributeRoutes: Sendable {
    let attributes: CurrentAttributes
    let options: ServerOptions

    func add(to table: inout RouteTable) {
        table.add(
            .post("attributes/current"),
            "Returns the newest value of every attribute of some nodes, by node and key.",
            body: .json(.object([.required("entity_ids", .texts, "Also accepted as node_ids or client_ids")])),
            answers: .ok(.map(.map(.string))),
            use: values
        )
    }

    /// Answers `{"<entity id>":{"<key>":"<value>"}}`; an entity without attributes has no keys.
    ///
    /// The list has three names: the reference's, the official client's and FEDn's.
    @Sendable func values(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        guard let ids = try ["entity_ids", "node_ids", "client_ids"].lazy.compactMap({ try fields.list($0) }).first,
            !ids.isEmpty
        else { throw ValidationError.missingField("entity_ids") }
        var result = JSONObject()
        for id in ids { result[id] = .object(try await attributes.values(of: id)) }
        return Response(.object(result))
    }
}
