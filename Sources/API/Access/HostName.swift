package import Federation
internal import NIOCore

/// The host of a URL in the one notation in which hosts are compared: names in lower case and without a final dot,
/// addresses as the system writes them.
struct HostName: Sendable, Hashable {
    let text: String
    let isAddress: Bool

    init(_ host: String) {
        if let address = try? SocketAddress(ipAddress: host, port: 0).ipAddress {
            text = address
            isAddress = true
        } else {
            text = (host.hasSuffix(".") ? String(host.dropLast()) : host).lowercased()
            isAddress = false
        }
    }

    /// Whether a server that listens on it listens on every address of the machine.
    var isWildcard: Bool { text == "0.0.0.0" || text == "::" }
}

/// A name by which clients may call the server, as the operator declares it: a host with or without a port, or `*`.
package enum AllowedHost: Sendable, Hashable {
    case any
    /// Without a port: the host with any port.
    case one(Authority)

    package init?(parsing text: String) {
        if text == "*" {
            self = .any
        } else if let authority = Authority(parsing: text) {
            self = .one(authority)
        } else {
            return nil
        }
    }

    func matches(_ called: Authority) -> Bool {
        guard case .one(let allowed) = self else { return true }
        guard HostName(allowed.host) == HostName(called.host) else { return false }
        // A Host without a port means that of its scheme, which a proxy may change.
        return allowed.port == nil || allowed.port == called.port
            || called.port == nil && (allowed.port == 80 || allowed.port == 443)
    }
}
