internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import JSON

/// Which helper, the code that reads and writes model files, the network uses.
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

    /// Answers 200 even when none was set: the official client gives up on any other status but 400.
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
