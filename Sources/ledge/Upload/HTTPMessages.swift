internal import NIOCore
internal import NIOHTTP1

/// One request, whole in memory: the largest is a chunk of an upload.
struct HTTPRequest: Sendable {
    let method: HTTPMethod
    /// Path from the root of the server, escaped.
    let path: String
    var fields: [(name: String, value: String)] = []
    var body = ByteBuffer()
}

/// The whole answer to an ``HTTPRequest``.
struct HTTPReply: Sendable {
    let status: Int
    let body: [UInt8]
}

/// Why a request has no answer.
enum HTTPFailure: Error, Sendable, Hashable {
    /// No connection was made, so the server has seen nothing.
    case unreachable(server: String, reason: String)
    /// The connection broke after the request began: the server may have acted on it.
    case connectionLost(String)
    /// No byte moved in either direction for this long.
    case stalled(Duration)
    /// What came is not HTTP/1.1, or longer than any answer this client asks for.
    case malformedReply(String)
}

extension HTTPFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .unreachable(let server, let reason): "\(server) cannot be reached: \(reason)"
        case .connectionLost(let reason): "the connection broke: \(reason)"
        case .stalled(let duration): "nothing moved for \(duration.components.seconds) s"
        case .malformedReply(let reason): "the answer cannot be read: \(reason)"
        }
    }
}
