internal import Catalog
internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import NIOCore

/// The routes of `attributes` besides the generic ones.
struct AttributeRoutes: Sendable {
    let attributes: CurrentAttributes
    let options: ServerOptions

    func add(to table: inout RouteTable) {
        table.add(
            .post("attributes/current"),
            "Returns the newest value of every attribute of some nodes, by node and key.",
            body: .json(
                .object([.required("entity_ids", .texts, "At most 1000; also accepted as node_ids or client_ids")])
            ),
            answers: .ok(.map(.map(.string))),
            use: values
        )
    }

    /// Answers `{"<entity id>":{"<key>":"<value>"}}`; an entity without attributes has no keys.
    ///
    /// The list has three names: the reference's, the official client's and FEDn's. The entities are read one after the
    /// other, as the client takes them; the first one before the status.
    @Sendable func values(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let names = ["entity_ids", "node_ids", "client_ids"]
        guard let ids = try names.lazy.compactMap({ try fields.distinctList($0) }).first, let first = ids.first else {
            throw ValidationError.missingField("entity_ids")
        }
        let attributes = attributes
        let share = BodyMemory.Share(of: .lists)
        let opening = try await Self.member(first, attributes.values(of: first), after: "{", share)
        let body = ResponseBody(of: "attributes", logger: context.logger) { writer in
            try await writer.write(opening, over: context.channel)
            for id in ids.dropFirst() {
                let member = try await Self.member(id, attributes.values(of: id), after: ",", share)
                try await writer.write(member, over: context.channel)
            }
            try await writer.write(ByteBuffer(string: "}"))
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/json"], body: body)
    }

    private static func member(
        _ id: String,
        _ values: JSONObject,
        after separator: String,
        _ share: BodyMemory.Share
    ) throws -> ByteBuffer {
        var bytes = ByteBuffer(string: separator)
        bytes.writeBytes(JSON.string(id).bytes)
        bytes.writeString(":")
        bytes.writeBytes(JSON.object(values).bytes)
        guard share.hold(bytes.readableBytes) else { throw RequestError.tooManyLists }
        return bytes
    }
}
