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
    /// The free space of the disk, in bytes; nil if it is unknown.
    let freeByteCount: @Sendable () -> Int64?

    /// A message can quote a name from the request, which may be long.
    private static let messageCountMax = 1000

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
            return response(to: error, request, context)
        } catch let error as HTTPError where error.status == .notFound && error.body == nil {
            let allowed = allowedMethods.methods(of: request.uri.path)
            return response(
                to: allowed.isEmpty ? RequestError.noSuchRoute : .methodNotAllowed(allowed: allowed),
                request,
                context
            )
        } catch is CancellationError {
            return response(to: StorageError.closed, request, context)
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

    private func response(to error: any AnsweredError, _ request: Request, _ context: Context) -> Response {
        // The failure of an ingest contains the results of earlier lines, which are not logged.
        let cause = (error as? IngestFailure)?.cause ?? error
        if error.status.kind == .serverError {
            context.logger.error("\(error.answer)", metadata: ["error": "\(cause.logText)"])
        }
        var headers = error.headers
        if error.status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        var message = error.answer
        if let space = space(for: request, after: cause) { message += "; \(space)" }
        if message.count > Self.messageCountMax { message = message.prefix(Self.messageCountMax) + "…" }
        var body: JSONObject = ["message": .string(message)]
        for (name, value) in error.members { body[name] = value }
        return Response(status: error.status, .object(body), headers: headers)
    }

    /// How much space the request needs and the disk has; nil if the disk is not full.
    private func space(for request: Request, after error: any AnsweredError) -> String? {
        guard error.status == .noSpace, error.isOfTheDisk, let free = freeByteCount() else { return nil }
        let needed = request.declaredByteCount.map { "the request has \($0) bytes, and " } ?? ""
        return "\(needed)\(free) are free"
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
    /// The message for the operator's log, which also has paths and offsets.
    var logText: String { get }
    /// Whether the disk refused a write.
    var isOfTheDisk: Bool { get }
}

extension AnsweredError {
    var logText: String { answer }
    var isOfTheDisk: Bool { false }
    var members: JSONObject { [:] }
    var headers: HTTPFields { [:] }
}

/// The message of any error for the operator's log.
func logText(of error: any Error) -> String {
    (error as? any AnsweredError)?.logText ?? "\(error)"
}

/// FEDn's text, which its clients may compare.
let unexpectedErrorMessage = "An unexpected error occurred"
