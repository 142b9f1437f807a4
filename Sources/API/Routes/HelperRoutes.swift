internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import JSON

/// Routes for the active helper, which reads and writes the model files of the network.
struct HelperRoutes: Sendable {
    let helper: ActiveHelper
    let options: ServerOptions

    func add(to table: inout RouteTable) {
        table.add(
            .get("helpers/active"),
            "Returns the active helper.",
            .participants,
            answers: .ok(.oneOf(ActiveHelper.names)),
            use: get
        )
        table.add(
            .put("helpers/active"),
            "Sets the active helper.",
            body: .fields([.required("helper", .oneOf(ActiveHelper.names))]),
            answers: .ok(.message),
            use: put
        )
    }

    /// Answers 200 even if none was set: the official client fails on any other status except 400.
    @Sendable func get(_ request: Request, context: LedgeContext) async throws -> Response {
        Response(.string(try helper.name()))
    }

    @Sendable func put(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        guard let name = fields["helper"]?.string else { throw FederationError.unknownHelper }
        try await helper.set(name)
        return Response(["message": "Active helper set", "active_helper": .string(name)])
    }
}
