internal import Federation

/// Where a server is: `http://HOST[:PORT][/PREFIX]`.
struct ServerURL: Sendable, Hashable {
    /// Why a text is no address this client can use.
    enum Failure: Error, Hashable {
        case isEncrypted
        case malformed
    }

    let authority: Authority
    /// Empty, or a path that starts with a slash and ends without one, as of a server behind a proxy.
    let prefix: String

    init(parsing text: String) throws(Failure) {
        guard !text.lowercased().hasPrefix("https://") else { throw .isEncrypted }
        guard text.lowercased().hasPrefix("http://") else { throw .malformed }
        let rest = text.dropFirst("http://".count)
        let host = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(host.count)
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

    /// The one spelling of this server, by which an upload to it is remembered.
    var text: String {
        "http://\(authority.urlHost):\(port)\(prefix)"
    }

    /// Bytes that need no escape in a path; a query or a fragment has no place here.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#")
    }
}

extension ServerURL.Failure: CustomStringConvertible {
    var description: String {
        switch self {
        case .isEncrypted:
            "this client speaks plain http only; for https put a proxy beside it, or upload with curl"
        case .malformed:
            "a server is written like http://127.0.0.1:8092"
        }
    }
}
