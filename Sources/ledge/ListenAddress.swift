internal import ArgumentParser
internal import Federation

/// Where a server listens: `HOST:PORT`, with port 0 for any that is free.
struct ListenAddress: Sendable, Hashable, ExpressibleByArgument, CustomStringConvertible {
    let host: String
    let port: Int
    /// Whether only this machine can reach it.
    let isLoopback: Bool

    init?(argument: String) {
        guard let authority = Authority(parsing: argument), let port = authority.port else { return nil }
        host = authority.host
        self.port = port
        isLoopback = authority.isLoopback
    }

    var description: String {
        Self.text(host: host, port: port)
    }

    /// The `HOST:PORT` of a URL.
    static func text(host: String, port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

extension ListenAddress {
    /// Where the server listens when nobody says otherwise; nobody else can reach it.
    static let standard = ListenAddress(host: "127.0.0.1", port: 8092, isLoopback: true)

    private init(host: String, port: Int, isLoopback: Bool) {
        self.host = host
        self.port = port
        self.isLoopback = isLoopback
    }
}
