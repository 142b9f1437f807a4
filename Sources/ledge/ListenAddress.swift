internal import API
internal import ArgumentParser

/// The address on which a server listens: `HOST:PORT`; port 0 selects a free port.
struct ListenAddress: Sendable, Hashable {
    /// The default address, which only this machine can reach.
    static let standard = ListenAddress(host: "127.0.0.1", port: 8092, isLoopback: true)

    let host: String
    let port: Int
    /// Whether only this machine can reach the address.
    let isLoopback: Bool
}

extension ListenAddress: ExpressibleByArgument, CustomStringConvertible {
    init?(argument: String) {
        guard let authority = Authority(parsing: argument), let port = authority.port else { return nil }
        host = authority.host
        self.port = port
        isLoopback = authority.isLoopback
    }

    var description: String {
        Self.text(host: host, port: port)
    }

    /// Returns `HOST:PORT` as in a URL, with brackets around an IPv6 address.
    static func text(host: String, port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
