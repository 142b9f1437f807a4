package import Hummingbird
package import NIOCore
internal import Tokens

/// The context of a request: its connection, path parameters and caller.
package struct LedgeContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The connection of the request.
    package let channel: any Channel
    /// The caller; nil if authentication is off, or the endpoint is open.
    var identity: Identity?
    /// Which ids of new documents are refused.
    var ids = PathIDs([])

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The IP address of the client, or of the proxy; nil without a socket.
    var address: String? { channel.remoteAddress?.ipAddress }

    /// Returns the path segment of a parameter in braces, with its percent escapes decoded.
    ///
    /// - Precondition: The route's path has a parameter of that name.
    func parameter(_ name: String) -> String {
        guard let text = parameters.get(name) else { preconditionFailure("the route has no parameter \(name)") }
        return String(percentDecoding: text.utf8, plusIsSpace: false)
    }
}
