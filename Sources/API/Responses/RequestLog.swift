internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOConcurrencyHelpers
internal import NIOCore

/// Logs one line for each request at the level `debug`, when its response was sent or the client has left.
///
/// The path is logged without its query, which can hold a token.
struct RequestLog: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request,
        context: LedgeContext,
        next: (Request, LedgeContext) async throws -> Response
    ) async throws -> Response {
        guard logger.logLevel <= .debug else { return try await next(request, context) }
        let start = ContinuousClock.now
        var response = try await next(request, context)
        let (head, status, body) = (request.head, response.status.code, response.body)
        let write: @Sendable (Int, Bool) -> Void = { byteCount, isSent in
            let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
            var fields: Logger.Metadata = [
                "method": "\(head.method.rawValue)", "path": "\((head.path ?? "").path)", "status": "\(status)",
                "bytes": "\(byteCount)", "ms": "\((milliseconds * 100).rounded() / 100)", "request_id": "\(context.id)",
            ]
            if let address = context.address { fields["address"] = "\(address)" }
            if !isSent { fields["aborted"] = "true" }
            logger.debug("request", metadata: fields)
        }
        guard request.method != .head else {
            // Nothing of the body is written.
            write(0, true)
            return response
        }
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            let byteCount = NIOLockedValueBox(0)
            var isSent = false
            defer { write(byteCount.withLockedValue { $0 }, isSent) }
            try await body.write(CountingWriter(base: writer, byteCount: byteCount))
            isSent = true
        }
        return response
    }
}

/// Counts the bytes of a body that were written.
private struct CountingWriter: ResponseBodyWriter {
    var base: any ResponseBodyWriter
    let byteCount: NIOLockedValueBox<Int>

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await base.write(buffer)
        byteCount.withLockedValue { $0 += buffer.readableBytes }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await base.finish(trailingHeaders)
    }
}

extension String {
    /// A request target without its query, and without characters that a terminal obeys.
    fileprivate var path: String { String(prefix { $0 != "?" }).printable }
}
