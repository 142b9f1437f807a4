/// The `HOST:PORT` of a URL, RFC 3986 §3.2: an IPv6 address is in brackets.
///
/// Shape: `127.0.0.1:8092`, `[::1]:0`, `edge-7.example:80`, and without a port `localhost`.
package struct Authority: Sendable, Hashable {
    /// Without brackets.
    package let host: String
    package let port: Int?

    /// Returns nil where `text` is not of the shape, or the port is past 65535.
    package init?(parsing text: some StringProtocol) {
        let host: Substring
        let rest: Substring
        if text.first == "[" {
            guard let bracket = text.firstIndex(of: "]") else { return nil }
            host = Substring(text[text.index(after: text.startIndex)..<bracket])
            rest = Substring(text[text.index(after: bracket)...])
            guard host.contains(":") else { return nil }
        } else {
            host = Substring(text.prefix { $0 != ":" })
            rest = Substring(text.dropFirst(host.count))
        }
        guard !host.isEmpty, host.utf8.allSatisfy(Self.isHostByte) else { return nil }
        self.host = String(host)
        guard !rest.isEmpty else {
            self.port = nil
            return
        }
        guard rest.first == ":", let port = UInt16(rest.dropFirst()), rest.dropFirst().first != "+" else { return nil }
        self.port = Int(port)
    }

    /// The host as it is in a URL.
    package var urlHost: String {
        host.contains(":") ? "[\(host)]" : host
    }

    /// Whether only this machine can reach it.
    ///
    /// `localhost` is taken at its word (RFC 6761 §6.3); any other name may resolve to anything.
    package var isLoopback: Bool {
        if host.lowercased() == "localhost" || host == "::1" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers.first == 127 && !numbers.contains(nil)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        case UInt8(ascii: ":"), UInt8(ascii: "%"): true
        default: false
        }
    }
}
