internal import Hummingbird
internal import HummingbirdCore
internal import JSON

/// Whether the server answers at all.
struct HealthRoutes: Sendable {
    func add(to table: inout RouteTable) {
        table.add(
            Endpoint(
                .get,
                "/health",
                "Tells that the server answers.",
                .open,
                answers: .ok(.object([.required("status", .oneOf(["ok"]))]))
            )
        ) { _, _ in Response(["status": "ok"]) }
    }
}
