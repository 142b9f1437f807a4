internal import NIOCore
internal import NIOHTTP1

/// An HTTP request, as a whole in memory; the largest is a chunk of an upload.
struct HTTPRequest: Sendable {
    let method: HTTPMethod
    /// The escaped path, relative to the server's prefix.
    let path: String
    var fields: [(name: String, value: String)] = []
    var body = ByteBuffer()
}

/// The complete response to an ``HTTPRequest``.
struct HTTPReply: Sendable {
    let status: Int
    let body: [UInt8]
    /// The value of `Retry-After` in seconds.
    var retryAfter: Duration?
    /// Whether the connection is closed after it.
    var isLast = false
}

/// A request that got no valid response.
enum HTTPFailure: Error, Sendable, Hashable {
    /// No connection was established, so the server did not receive the request.
    case unreachable(server: String, reason: String)
    /// The connection broke during the request, which the server may have executed.
    case connectionLost(String)
    /// No byte was transferred in either direction for this duration.
    case stalled(Duration)
    /// The server's certificate or its TLS is not acceptable.
    case distrusted(String)
    /// The response is not HTTP/1.1, or too long.
    case malformedReply(String)
}

extension HTTPFailure {
    /// The failure of a connection.
    init(_ error: any Error) {
        self =
            error as? HTTPFailure ?? Encryption.distrust(error).map { .distrusted($0) }
            ?? .connectionLost(IOError.text(error))
    }
}

extension HTTPFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .unreachable(let server, let reason): "\(server) cannot be reached: \(reason)"
        case .connectionLost(let reason): "the connection broke: \(reason)"
        case .stalled(let duration): "no data was transferred for \(duration.components.seconds) s"
        case .distrusted(let reason): "the server is not trusted: \(reason)"
        case .malformedReply(let reason): "the response is malformed: \(reason)"
        }
    }
}
