internal import Hummingbird
internal import HummingbirdCore
internal import JSON

/// Whether the server answers at all.
struct HealthRoutes: Sendable {
    func add(to router: Router<LedgeContext>) {
        router.get("health") { _, _ in Response(["status": "ok"]) }
    }
}
