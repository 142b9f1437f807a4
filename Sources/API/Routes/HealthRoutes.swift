internal import Blobs
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import ServiceLifecycle
internal import Store

/// Liveness and readiness.
///
/// They need no token: the responses contain no paths, documents or upload ids.
struct HealthRoutes: Sendable {
    let store: Store
    let blobs: BlobStore
    let space: SpaceWatch

    func add(to table: inout RouteTable) {
        for (path, status) in [("/health", "ok"), ("/livez", "alive")] {
            table.add(
                .get(path),
                "Answers 200 while the server is running.",
                .open,
                answers: .ok([.required("status", .oneOf([status]))])
            ) { _, _ in Response(["status": .string(status)]) }
        }
        table.add(
            .get("/readyz"),
            "Returns whether the server accepts requests, and its problems.",
            .open,
            parameters: [
                .query("verbose", .string, "Adds all checks"),
                .query("strict", .string, "Answers 503 also if the server is degraded"),
            ],
            answers: .ok(Readiness.schema),
            .refused(503, "The server is stopping or, with strict, degraded", Readiness.schema),
            use: readiness
        )
    }

    /// Answers the readiness; after a signal to stop, only on connections that are already open.
    @Sendable func readiness(_ request: Request, context: LedgeContext) async throws -> Response {
        let readiness = Readiness(store: store, blobs: blobs, space: space, isStopping: Task.isShuttingDownGracefully)
        let parameters = request.uri.queryParameters
        let isRefused = readiness.status == .stopping || (readiness.status == .degraded && parameters["strict"] != nil)
        return Response(
            status: isRefused ? .serviceUnavailable : .ok,
            readiness.json(isVerbose: parameters["verbose"] != nil)
        )
    }
}
