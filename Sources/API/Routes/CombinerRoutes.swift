internal import Catalog
internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Store

/// The routes of `combiners` besides the generic ones.
struct CombinerRoutes: Sendable {
    let combiners: Combiners
    let options: ServerOptions

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
            body: .json(.object([.optional("combiners", .texts, "At most 1000 ids; default: all")])),
            answers: .ok([
                .required(
                    "result",
                    .array(.object([.required("combiner_id"), .required("client_count", .count)]))
                )
            ]),
            use: countClients
        )
    }

    /// Answers the changed document with a message, which is all that the official command line prints.
    @Sendable func change(_ request: Request, context: LedgeContext) async throws -> Response {
        let change = try await request.object(for: .combiners, byteCountMax: options.bodyByteCountMax)
        var answer = try await combiners.change(context.parameter("id"), change).object
        answer["message"] = "Combiner updated"
        return Response(.object(answer))
    }

    @Sendable func countClients(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let counts = try await combiners.onlineClientCounts(of: fields.distinctList("combiners") ?? [])
        let result = counts.map { JSON.object(["combiner_id": .string($0.id), "client_count": JSON($0.count)]) }
        return Response(["result": .array(result)])
    }
}
