internal import Federation

/// The URL of a server: `http://HOST[:PORT][/PREFIX]`; the default port is 80.
struct ServerURL: Sendable, Hashable {
    /// A text that is not the URL of a server.
    enum Failure: Error, Hashable {
        case isEncrypted
        /// It contains a user name, or a password or token, which would be visible to other users of this machine.
        case hasUser
        case malformed
    }

    let authority: Authority
    /// The path prefix of a reverse proxy: empty, or a path with a leading slash and without a trailing one.
    let prefix: String

    init(parsing text: String) throws(Failure) {
        guard !text.lowercased().hasPrefix("https://") else { throw .isEncrypted }
        guard text.lowercased().hasPrefix("http://") else { throw .malformed }
        let rest = text.dropFirst("http://".count)
        let host = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(host.count)
        guard !host.contains("@") else { throw .hasUser }
        guard let authority = Authority(parsing: host), authority.port != 0, path.utf8.allSatisfy(Self.isPathByte)
        else {
            throw .malformed
        }
        self.authority = authority
        self.prefix = path.split(separator: "/").map { "/\($0)" }.joined()
    }

    var port: Int {
        authority.port ?? 80
    }

    /// The canonical URL, which identifies the server in resume files.
    var text: String {
        "http://\(authority.urlHost):\(port)\(prefix)"
    }

    /// Whether a byte may be in the path; queries and fragments are not supported.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#")
    }
}

extension ServerURL.Failure: CustomStringConvertible {
    var description: String {
        switch self {
        case .isEncrypted:
            "https is not supported; use a local proxy, or upload with curl"
        case .hasUser:
            "it must not contain a user name or a password; give a token with --token-file"
        case .malformed:
            "it must be a URL such as http://127.0.0.1:8092"
        }
    }
}
