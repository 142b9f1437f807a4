internal import Federation

/// The origin of a web page, as browsers send it in `Origin`: scheme, host and port.
///
/// Shape: `https://app.example`, `http://localhost:5173`. Source: RFC 6454, section 6.
package struct WebOrigin: Sendable, Hashable {
    private let scheme: String
    private let host: String
    /// Nil for the port that the scheme implies.
    private let port: Int?

    /// Returns nil for any other text, `null` and a path included.
    package init?(parsing text: String) {
        guard let separator = text.firstRange(of: "://"),
            let authority = Authority(parsing: text[separator.upperBound...])
        else { return nil }
        scheme = text[..<separator.lowerBound].lowercased()
        guard let first = scheme.utf8.first, Self.isLetter(first), scheme.utf8.allSatisfy(Self.isSchemeByte) else {
            return nil
        }
        host = HostName(authority.host).text
        port = authority.port == Self.impliedPort(scheme) ? nil : authority.port
    }

    /// Whether a page of this origin comes from the server that was called by this `Host`.
    ///
    /// Whether the page came over TLS is unknown here, because a proxy may end it.
    func isOrigin(of called: Authority) -> Bool {
        let calledPort = called.port == Self.impliedPort(scheme) ? nil : called.port
        return ["http", "https"].contains(scheme) && host == HostName(called.host).text && port == calledPort
    }

    /// The origin as browsers send it.
    var text: String {
        let authority = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(authority)" + (port.map { ":\($0)" } ?? "")
    }

    private static func impliedPort(_ scheme: String) -> Int? {
        switch scheme {
        case "http": 80
        case "https": 443
        default: nil
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.".utf8.contains(byte)
    }
}

/// An origin whose pages may use the server, as the operator declares it: an origin, or `*` for all.
package enum AllowedOrigin: Sendable, Hashable {
    case any
    case one(WebOrigin)

    package init?(parsing text: String) {
        if text == "*" {
            self = .any
        } else if let origin = WebOrigin(parsing: text) {
            self = .one(origin)
        } else {
            return nil
        }
    }
}
