internal import Federation
internal import HTTPTypes

/// Decides which requests are refused because of the host that they call or the web page that sent them.
///
/// A browser sends requests for any page that its user opens, also to servers that only the user can reach. Two checks
/// protect them:
///
/// - **`Host`.** A page can make its own name resolve to the server's address (DNS rebinding), and is then of the same
///   origin. Only the names that are known here are answered. If every request needs a token, names are not checked
///   unless the operator declares some: tokens are in headers, which such a page does not have.
/// - **`Origin`.** A page of another origin may send a request that changes data, although it cannot read the answer.
///   Such requests are refused unless the operator allows the origin.
///
/// Clients other than browsers send no `Origin`. `X-Forwarded-Host` is not read: any client can send it.
/// Source: the Fetch standard, "HTTP extensions"; the Fetch Metadata specification.
struct BrowserAccess: Sendable {
    /// What a request reveals about its sender.
    struct Caller: Sendable {
        let method: HTTPRequest.Method
        /// Nil in HTTP/1.0, which no browser sends.
        var host: String?
        var origin: String?
        /// `Sec-Fetch-Site`, the browser's own comparison, which a page cannot set.
        ///
        /// It is missing over plain HTTP to other machines.
        var fetchSite: String?
        /// The method that a preflight asks for.
        var requestedMethod: String?
    }

    enum Decision: Equatable {
        /// Answered; a browser does not let a page of another origin read the answer.
        case allowed
        /// Answered, and the page may read the answer; the value is that of `Access-Control-Allow-Origin`.
        case allowedAcrossOrigins(String)
        /// A preflight, whose request is allowed.
        case preflight(String)
        case refused(RequestError)
    }

    private let listening: HostName
    private let hosts: [AllowedHost]
    private let origins: Set<AllowedOrigin>
    private let checksHosts: Bool

    init(_ options: ServerOptions, isAuthenticated: Bool) {
        listening = HostName(options.host)
        hosts = options.allowedHosts
        origins = Set(options.allowedOrigins)
        checksHosts = !isAuthenticated || !hosts.isEmpty
    }

    /// Whether answers depend on the origin of the page.
    var variesByOrigin: Bool { !origins.isEmpty }

    func decide(_ caller: Caller) -> Decision {
        let called = caller.host.flatMap { Authority(parsing: $0) }
        if checksHosts, caller.host != nil {
            guard let called, isServed(called) else { return .refused(.hostNotServed(called?.host)) }
        }
        guard isCrossOrigin(caller, called) else { return .allowed }
        let origin = caller.origin.flatMap { WebOrigin(parsing: $0) }
        let isPreflight = caller.method == .options && caller.requestedMethod != nil
        if let value = allowedValue(for: origin) {
            return isPreflight ? .preflight(value) : .allowedAcrossOrigins(value)
        }
        let isSafe = [.get, .head, .options].contains(caller.method) && !isPreflight
        return isSafe ? .allowed : .refused(.foreignOrigin(origin?.text))
    }

    private func isServed(_ called: Authority) -> Bool {
        let name = HostName(called.host)
        if name == listening || called.isLoopback || hosts.contains(where: { $0.matches(called) }) { return true }
        // No name resolves to this address by rebinding: the browser was given the address itself.
        return name.isAddress && (listening.isWildcard || !listening.isAddress)
    }

    private func isCrossOrigin(_ caller: Caller, _ called: Authority?) -> Bool {
        switch caller.fetchSite {
        case "same-origin", "none": return false
        case .some: return true
        case nil:
            guard let origin = caller.origin else { return false }
            guard let page = WebOrigin(parsing: origin), let called else { return true }
            return !page.isOrigin(of: called)
        }
    }

    private func allowedValue(for origin: WebOrigin?) -> String? {
        if origins.contains(.any) { return "*" }
        return origin.flatMap { origins.contains(.one($0)) ? $0.text : nil }
    }
}
