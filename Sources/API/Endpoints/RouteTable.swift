internal import Hummingbird

/// Every endpoint with the function that answers it.
struct RouteTable: Sendable {
    typealias Answerer = @Sendable (Request, LedgeContext) async throws -> Response

    private(set) var routes: [(endpoint: Endpoint, answer: Answerer)] = []

    /// Declares an endpoint; answers that are nil are left out.
    ///
    /// - Precondition: No other endpoint has its method and path.
    mutating func add(
        _ target: Endpoint.Target,
        _ summary: String,
        _ access: Endpoint.Access = .admin,
        parameters: [Endpoint.Parameter] = [],
        body: Endpoint.Body = .none,
        answers: Endpoint.Answer?...,
        use answer: @escaping Answerer
    ) {
        let endpoint = Endpoint(
            target: target,
            summary: summary,
            access: access,
            parameters: parameters,
            body: body,
            answers: answers.compactMap { $0 }
        )
        add(endpoint, use: answer)
    }

    /// Adds an endpoint.
    ///
    /// - Precondition: No other endpoint has its method and path.
    mutating func add(_ endpoint: Endpoint, use answer: @escaping Answerer) {
        precondition(
            !routes.contains { $0.endpoint.method == endpoint.method && $0.endpoint.path == endpoint.path },
            "\(endpoint.method) \(endpoint.path) is declared twice"
        )
        routes.append((endpoint, answer))
    }

    var endpoints: [Endpoint] { routes.map(\.endpoint) }

    /// Adds every endpoint to a router, below each of the prefixes, with access control.
    ///
    /// The router answers a path with and without a trailing slash: the reference and the clients disagree, and after a
    /// redirect a POST has no body.
    func add(to router: Router<LedgeContext>, checking accessControl: AccessControl, below prefixes: [String]) {
        let ids = PathIDs(endpoints)
        for (endpoint, answer) in routes {
            for prefix in prefixes {
                router.on(RouterPath(prefix + endpoint.path), method: endpoint.method) { request, context in
                    var context = context
                    context.ids = ids
                    context.identity = try accessControl.authorize(request, to: endpoint)
                    var response = try await answer(request, context)
                    if endpoint.isSecret { response.headers[.cacheControl] = "no-store" }
                    return response
                }
            }
        }
    }
}
