internal import JSON

/// The headers of one part of a `multipart/form-data` body: the field's name, and the file's name.
package struct MultipartPart: Sendable, Hashable {
    package let name: String
    /// The name as the client sent it, possibly with path separators: a label, never used as a path.
    ///
    /// Nil for a plain field.
    package let fileName: String?

    package init(name: String, fileName: String? = nil) {
        self.name = name
        self.fileName = fileName
    }

    /// Reads the header lines of a part; nil if none of them is a `Content-Disposition` with a name.
    init?(headers: String) {
        for line in headers.split(separator: "\r\n") {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2, halves[0].lowercased() == "content-disposition" else { continue }
            let parameters = HeaderParameters(parsing: halves[1])
            guard let name = parameters["name"] else { return nil }
            self.init(name: name, fileName: parameters.extended("filename") ?? parameters["filename"])
            return
        }
        return nil
    }
}

/// The parameters of a header's value, such as `boundary` in `multipart/form-data; boundary="x y"`.
///
/// Source: RFC 9110, section 5.6.6; RFC 8187 for the names that end in `*`.
package struct HeaderParameters: Sendable, Hashable {
    /// The text before the first semicolon, in lower case.
    package let value: String
    private var parameters: [String: String] = [:]

    package init(parsing header: some StringProtocol) {
        var rest = String(header)[...]
        value = rest.prefix { $0 != ";" }.trimmingSpaces.lowercased()
        rest = rest.drop { $0 != ";" }.dropFirst()
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest[name.endIndex...]
            let value = rest.first == "=" ? Self.takeValue(&rest) : ""
            let key = name.trimmingSpaces.lowercased()
            if !key.isEmpty && parameters[key] == nil { parameters[key] = value }
            rest = rest.drop { $0 != ";" }.dropFirst()
        }
    }

    package subscript(_ name: String) -> String? {
        parameters[name]
    }

    /// The parameter in its RFC 8187 form, `name*=UTF-8''f%C3%BC.npz`.
    package func extended(_ name: String) -> String? {
        guard let parts = parameters[name + "*"]?.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false),
            parts.count == 3, parts[0].lowercased() == "utf-8"
        else { return nil }
        return String(percentDecoding: Array(parts[2].utf8), plusIsSpace: false)
    }

    /// Consumes `=token` or `="quoted \" text"` at the front.
    private static func takeValue(_ rest: inout Substring) -> String {
        rest = rest.dropFirst().drop { $0 == " " }
        guard rest.first == "\"" else {
            let token = rest.prefix { $0 != ";" }
            rest = rest[token.endIndex...]
            return String(token.trimmingSpaces)
        }
        rest = rest.dropFirst()
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
            if character == "\\", let escaped = rest.first, escaped == "\"" || escaped == "\\" {
                value.append(escaped)
                rest = rest.dropFirst()
            } else {
                value.append(character)
            }
        }
        return value
    }
}
