internal import Catalog
internal import Control
internal import Federation
internal import Hummingbird
internal import Store
internal import Tokens

/// All routes of the server.
struct Routes: Sendable {
    let network: FederatedNetwork
    let controller: Controller
    /// Nil if authentication is off.
    let authority: TokenAuthority?
    let options: ServerOptions
    let audit: AuditLog
    let log: RequestLog

    /// Returns every endpoint with the function that answers it.
    func makeTable() -> RouteTable {
        let store = network.store
        var table = RouteTable()
        for resource in Resource.all { ResourceRoutes(resource, store: store, options: options).add(to: &table) }
        AttributeRoutes(attributes: network.attributes, options: options).add(to: &table)
        ClientRoutes(network, authority: authority, options: options, audit: audit).add(to: &table)
        CombinerRoutes(combiners: network.combiners, options: options).add(to: &table)
        CommandRoutes(store: store, controller: controller).add(to: &table)
        ControlRoutes(controller: controller, options: options).add(to: &table)
        HelperRoutes(helper: network.helper, options: options).add(to: &table)
        ModelRoutes(network, controller: controller, options: options).add(to: &table)
        PackageRoutes(network, controller: controller, options: options).add(to: &table)
        SessionRoutes(sessions: network.sessions, controller: controller, options: options).add(to: &table)
        StatusRoutes(store: store).add(to: &table)
        UploadRoutes(blobs: network.blobs, options: options).add(to: &table)
        TokenRoutes(authority: authority, options: options, audit: audit).add(to: &table)
        TokenListRoutes(authority: authority, options: options, audit: audit).add(to: &table)
        LoginRoutes(authority: authority, options: options, audit: audit).add(to: &table)
        HealthRoutes(store: store, blobs: network.blobs, space: SpaceWatch(freeByteCountMin: options.freeByteCountMin))
            .add(to: &table)
        // Last, because it describes all endpoints added so far, and itself.
        DocumentationRoutes(endpoints: table.endpoints, options: options, isAuthenticated: authority != nil).add(
            to: &table
        )
        return table
    }

    /// Returns the router, whose responses, including 404 and 405, have the shape that clients parse.
    func makeRouter() -> Router<LedgeContext> {
        let table = makeTable()
        let prefixes = options.pathPrefix.isEmpty ? [""] : ["", options.pathPrefix]
        let router = Router(context: LedgeContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: log)
        router.add(
            middleware: BrowserAccessMiddleware(
                access: BrowserAccess(options, isAuthenticated: authority != nil),
                headers: CrossOriginHeaders(table.endpoints)
            )
        )
        router.add(
            middleware: ErrorResponses(
                allowedMethods: AllowedMethods(table.endpoints, below: prefixes),
                authority: authority,
                audit: audit,
                freeByteCount: { [store = network.store] in store.freeByteCount }
            )
        )
        table.add(to: router, checking: AccessControl(authority: authority), below: prefixes)
        return router
    }
}
