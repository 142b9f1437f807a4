internal import Catalog
internal import Control
internal import Hummingbird
internal import HummingbirdCore
internal import Index
internal import JSON
internal import Store

/// The routes of `commands` besides the generic ones.
struct CommandRoutes: Sendable {
    let commands: DocumentCollection
    let controller: Controller

    init(store: Store, controller: Controller) {
        commands = store.collection(Resource.commands.name)
        self.controller = controller
    }

    func add(to table: inout RouteTable) {
        table.add(
            .get("commands/roots"),
            "Lists the commands without a parent, newest first.",
            parameters: .page + [.explain],
            answers: .ok(.page(.commands)),
            use: roots
        )
        table.add(
            .post("commands/{id}/skip"),
            "Continues without the clients that have not responded.",
            answers: .ok(.message),
            use: skip
        )
        table.add(
            .post("commands/{id}/stop"),
            "Stops a command and the tasks of its clients.",
            answers: .ok(.message),
            use: stop
        )
    }

    @Sendable func roots(_ request: Request, context: LedgeContext) async throws -> Response {
        var requested = try Resource.commands.filter(in: request)
        requested.filter.conditions.append(Condition("parent_correlation_id", .equal("null")))
        let (query, warnings) = requested.query(headers: request.headers, of: .commands)
        return try await commands.answer(query, warnings: warnings, to: request, context)
    }

    @Sendable func skip(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        try await controller.skip(command: id)
        return Response(["message": "Sent skip signal", "correlation_id": .string(id)])
    }

    @Sendable func stop(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        try await controller.stop(command: id)
        return Response(["message": "Sent stop signal", "correlation_id": .string(id)])
    }
}
