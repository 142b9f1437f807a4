internal import Federation

/// The URL of a server: `http[s]://HOST[:PORT][/PREFIX]`; the default port is 80, with TLS 443.
struct ServerURL: Sendable, Hashable {
    /// A text that is not the URL of a server.
    enum Failure: Error, Hashable {
        /// It contains a user name, or a password or token, which would be visible to other users of this machine.
        case hasUser
        case malformed
    }

    let isEncrypted: Bool
    let authority: Authority
    /// The path prefix of a reverse proxy: empty, or a path with a leading slash and without a trailing one.
    let prefix: String

    init(parsing text: String) throws(Failure) {
        guard let scheme = ["http://", "https://"].first(where: text.lowercased().hasPrefix) else { throw .malformed }
        let rest = text.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(host.count)
        guard !host.contains("@") else { throw .hasUser }
        guard let authority = Authority(parsing: host), authority.port != 0, path.utf8.allSatisfy(Self.isPathByte)
        else {
            throw .malformed
        }
        isEncrypted = scheme == "https://"
        self.authority = authority
        self.prefix = path.split(separator: "/").map { "/\($0)" }.joined()
    }

    var port: Int {
        authority.port ?? (isEncrypted ? 443 : 80)
    }

    /// The canonical URL, which identifies the server in resume files.
    var text: String {
        "http\(isEncrypted ? "s" : "")://\(authority.urlHost):\(port)\(prefix)"
    }

    /// Whether a byte may be in the path; queries and fragments are not supported.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#")
    }
}

extension ServerURL.Failure: CustomStringConvertible {
    var description: String {
        switch self {
        case .hasUser:
            "it must not contain a user name or a password; give a token with --token-file"
        case .malformed:
            "it must be a URL such as http://127.0.0.1:8092 or https://edge-7"
        }
    }
}
