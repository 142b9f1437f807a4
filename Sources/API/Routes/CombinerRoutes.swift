internal import Catalog
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Store

/// What `combiners` has beyond the generic routes.
struct CombinerRoutes: Sendable {
    let combiners: Combiners
    let documents: Documents
    let options: ServerOptions

    init(combiners: Combiners, store: Store, options: ServerOptions) {
        self.combiners = combiners
        documents = Documents(of: .combiners, store: store, options: options)
        self.options = options
    }

    func add(to table: inout RouteTable) {
        table.add(
            .patch("combiners/{id}"),
            "Changes the host names under which clients reach a combiner.",
            body: .json(.change(.combiners)),
            answers: .ok(.message, "The changed combiner, and a message"),
            .refused(400, "A name is neither HOST nor HOST:PORT, or another field was sent"),
            use: change
        )
        table.add(
            .post("combiners/clients/count"),
            "Counts the clients that are online, by combiner.",
            body: .json(.object([.optional("combiners", .texts, "Ids; default: all")])),
            answers: .ok([
                .required(
                    "result",
                    .array(.object([.required("combiner_id"), .required("client_count", .count)]))
                )
            ]),
            use: countClients
        )
    }

    /// Answers the changed document, and a message: the official command line prints nothing else.
    @Sendable func change(_ request: Request, context: LedgeContext) async throws -> Response {
        let document = try await documents.change(context.parameter("id"), request) { _, new throws(ValidationError) in
            for name in ["public_hostname", "internal_hostname"] {
                guard let text = new[name]?.string, !text.isEmpty else { continue }
                guard let authority = Authority(parsing: text), authority.port != 0 else { throw .notAHostName(name) }
            }
        }
        guard case .object(var object) = try JSON(parsing: document.bytes) else { throw RequestError.noSuchRoute }
        object["message"] = "Combiner updated"
        return Response(.object(object))
    }

    @Sendable func countClients(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let named = try fields.list("combiners") ?? []
        let counts = try await onThreadPool { [combiners] in
            try (named.isEmpty ? combiners.all().map(\.id) : named).map { id in
                (id, try combiners.onlineClientCount(of: id))
            }
        }
        let result = counts.map { JSON.object(["combiner_id": .string($0), "client_count": JSON($1)]) }
        return Response(["result": .array(result)])
    }
}
