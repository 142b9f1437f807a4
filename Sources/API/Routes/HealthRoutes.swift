internal import Blobs
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import ServiceLifecycle
internal import Store

/// Whether the server answers, and whether all is well with it.
///
/// Anyone may ask: what is told names no path, no document and no upload.
struct HealthRoutes: Sendable {
    let store: Store
    let blobs: BlobStore

    func add(to table: inout RouteTable) {
        for (path, status) in [("/health", "ok"), ("/livez", "alive")] {
            table.add(
                .get(path),
                "Tells that the server answers.",
                .open,
                answers: .ok([.required("status", .oneOf([status]))])
            ) { _, _ in Response(["status": .string(status)]) }
        }
        table.add(
            .get("/readyz"),
            "Tells whether requests are served, and what is not as it should be.",
            .open,
            parameters: [
                .query("verbose", .string, "Adds what was checked"),
                .query("strict", .string, "Answers 503 also where the server is degraded"),
            ],
            answers: .ok(Readiness.schema),
            .refused(503, "The server is stopping, or with strict degraded", Readiness.schema),
            use: readiness
        )
    }

    /// Asked on a connection that was open when the signal to stop came; no other is accepted by then.
    @Sendable func readiness(_ request: Request, context: LedgeContext) async throws -> Response {
        let readiness = Readiness(store: store, blobs: blobs, isStopping: Task.isShuttingDownGracefully)
        let parameters = request.uri.queryParameters
        let isRefused = readiness.status == .stopping || (readiness.status == .degraded && parameters["strict"] != nil)
        return Response(
            status: isRefused ? .serviceUnavailable : .ok,
            readiness.json(isVerbose: parameters["verbose"] != nil)
        )
    }
}
