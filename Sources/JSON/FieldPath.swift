/// The path of a field in a document: keys from the outermost object inwards.
///
/// Shape: `client_id`, `sender.name`. A dot always separates keys, so a key that contains a dot cannot be addressed.
/// Every text is a valid path; `a..b` has an empty key, which documents usually do not contain.
package struct FieldPath: Sendable, Hashable {
    /// The path in UTF-8, which the scanner compares without creating strings.
    let bytes: [UInt8]
    /// Number of bytes of the outermost key.
    let firstCount: Int

    package init(_ text: String) {
        bytes = Array(text.utf8)
        firstCount = bytes.firstIndex(of: UInt8(ascii: ".")) ?? bytes.count
    }

    /// The path as text, with dots.
    package var text: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The keys of the path, outermost first; at least one.
    package var components: [String] {
        // Bytes, not characters: in Swift a dot and a following combining accent are one character.
        bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

extension FieldPath: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        self.init(text)
    }
}

extension FieldPath: CustomStringConvertible {
    package var description: String { text }
}
