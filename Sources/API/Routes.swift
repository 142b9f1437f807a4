internal import Blobs
internal import Catalog
internal import Hummingbird
internal import Store

/// Everything the server answers.
struct Routes: Sendable {
    let store: Store
    let blobs: BlobStore
    let options: ServerOptions

    /// Every path is served with and without a slash at its end: the reference and the clients disagree, and a
    /// redirect would cost a POST its body.
    func add(to router: Router<LedgeContext>) {
        let api = router.group("api/v1")
        for resource in Resource.all { ResourceRoutes(resource, store: store, options: options).add(to: api) }
        AttributeRoutes(store: store, options: options).add(to: api)
        ClientRoutes(store: store).add(to: api)
        HelperRoutes(helper: ActiveHelper(store: store), options: options).add(to: api)
        ModelRoutes(store: store, blobs: blobs, options: options).add(to: api)
        UploadRoutes(blobs: blobs, options: options).add(to: api)
        HealthRoutes().add(to: router)
    }

    /// The router, whose every answer, 404 and 405 too, has the shape the clients parse.
    func makeRouter() -> Router<LedgeContext> {
        let plain = Router(context: LedgeContext.self)
        add(to: plain)
        let router = Router(context: LedgeContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ErrorResponses(allowedMethods: AllowedMethods(plain.routes)))
        add(to: router)
        return router
    }
}
