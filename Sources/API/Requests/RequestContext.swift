package import Hummingbird
package import NIOCore
internal import Tokens

/// What a handler knows of the request it answers, beside the request itself.
package struct LedgeContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The connection the request came in on.
    package let channel: any Channel
    /// Who is asking; nil where the server asks for no tokens, or the endpoint is open.
    var identity: Identity?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The segment of the path that a route names in braces, with its percent escapes decoded.
    ///
    /// - Precondition: The route's path has a parameter of that name.
    func parameter(_ name: String) -> String {
        guard let text = parameters.get(name) else { preconditionFailure("the route has no parameter \(name)") }
        return String(percentDecoding: text.utf8, plusIsSpace: false)
    }
}
