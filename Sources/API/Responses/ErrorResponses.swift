internal import Disk
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Logging
internal import Tokens

/// Converts errors to responses: a status and `{"message":"…"}`; adds the headers of every response.
///
/// It is the outermost middleware of the router, so that unknown paths are answered in the same shape: almost every
/// call of the official client parses the body as JSON, for every status. The response never contains a file path, an
/// offset or a token; the log contains all of them.
struct ErrorResponses: RouterMiddleware {
    typealias Context = LedgeContext

    let allowedMethods: AllowedMethods
    let authority: TokenAuthority?
    let audit: AuditLog

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = await answer(request, context, next)
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }

    private func answer(
        _ request: Request,
        _ context: Context,
        _ next: (Request, Context) async throws -> Response
    ) async -> Response {
        do {
            return try await next(request, context)
        } catch let error as any AnsweredError {
            logRefusal(error, of: request, context)
            return response(to: error, context)
        } catch let error as HTTPError where error.status == .notFound && error.body == nil {
            let allowed = allowedMethods.methods(of: request.uri.path)
            return response(
                to: allowed.isEmpty ? RequestError.noSuchRoute : .methodNotAllowed(allowed: allowed),
                context
            )
        } catch is CancellationError {
            return response(to: StorageError.closed, context)
        } catch let error as HTTPError {
            return Response(status: error.status, ["message": .string(error.body ?? error.status.reasonPhrase)])
        } catch {
            context.logger.error("unmapped error", metadata: ["error": "\(error)", "path": "\(request.uri.path)"])
            return Response(status: .internalServerError, ["message": .string(unexpectedErrorMessage)])
        }
    }

    /// Logs a request without a valid token, or with one that is not sufficient.
    private func logRefusal(_ error: any AnsweredError, of request: Request, _ context: Context) {
        guard let authority, error.status == .unauthorized || error.status == .forbidden else { return }
        audit.refused(
            request.method,
            request.uri.path,
            error,
            of: authority.holder(authorization: request.headers[.authorization]),
            from: context.address
        )
    }

    private func response(to error: any AnsweredError, _ context: Context) -> Response {
        // The failure of an ingest contains the results of earlier lines, which are not logged.
        let cause = (error as? IngestFailure)?.cause ?? error
        if error.status.kind == .serverError {
            context.logger.error("\(error.answer)", metadata: ["error": "\(cause)"])
        }
        var headers = error.headers
        if error.status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        var body: JSONObject = ["message": .string(error.answer)]
        for (name, value) in error.members { body[name] = value }
        return Response(status: error.status, .object(body), headers: headers)
    }
}

/// An error with its own status and message; all others are answered with 500.
protocol AnsweredError: Error {
    var status: HTTPResponse.Status { get }
    /// The message for the client.
    var answer: String { get }
    /// Further members of the body, next to the message.
    var members: JSONObject { get }
    var headers: HTTPFields { get }
}

extension AnsweredError {
    var members: JSONObject { [:] }
    var headers: HTTPFields { [:] }
}

/// FEDn's text, which its clients may compare.
let unexpectedErrorMessage = "An unexpected error occurred"
