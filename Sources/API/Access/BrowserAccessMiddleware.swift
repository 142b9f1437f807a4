internal import HTTPTypes
internal import Hummingbird
internal import JSON

/// Applies ``BrowserAccess`` to every request, before routing, and adds the CORS headers to every answer, errors included.
struct BrowserAccessMiddleware: RouterMiddleware {
    typealias Context = LedgeContext

    let access: BrowserAccess
    let headers: CrossOriginHeaders

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        switch access.decide(BrowserAccess.Caller(request)) {
        case .allowed:
            response = try await next(request, context)
        case .allowedAcrossOrigins(let origin):
            response = try await next(request, context)
            response.headers.append(contentsOf: headers.answer(to: origin))
        case .preflight(let origin):
            response = Response(status: .noContent, headers: headers.preflight(of: origin, request.headers))
        case .refused(let error):
            response = Response(status: error.status, ["message": .string(error.answer)])
        }
        if access.variesByOrigin { response.headers.append(HTTPField(name: .vary, value: "Origin")) }
        return response
    }
}

extension BrowserAccess.Caller {
    fileprivate init(_ request: Request) {
        self.init(
            method: request.method,
            host: request.head.authority,
            origin: request.headers[.origin],
            fetchSite: request.headers[.fetchSite]?.lowercased(),
            requestedMethod: request.headers[.accessControlRequestMethod]
        )
    }
}
