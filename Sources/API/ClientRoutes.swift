internal import Catalog
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Store

/// What `clients` has beyond the generic routes.
struct ClientRoutes: Sendable {
    let clients: Collection
    let attributes: CurrentAttributes

    init(store: Store) {
        clients = store.collection(Resource.clients.name)
        attributes = CurrentAttributes(store: store)
    }

    func add(to api: RouterGroup<LedgeContext>) {
        api.get("clients/{id}/attributes", use: currentAttributes)
    }

    @Sendable func currentAttributes(_ request: Request, context: LedgeContext) async throws -> Response {
        let id = context.parameter("id")
        guard try clients.get(id) != nil else { throw StoreError.notFound(id) }
        return Response(.object(try await onThreadPool { try attributes.values(of: id) }))
    }
}
