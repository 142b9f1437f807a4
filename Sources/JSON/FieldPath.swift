/// Where a field stands in a document: the keys from the outermost object inwards.
///
/// Shape: `client_id`, `sender.name`. A dot always separates, so a key with a dot in it cannot be addressed.
/// Any text is a path; one that no document has (`a..b`) finds nothing.
package struct FieldPath: Sendable, Hashable {
    /// The path as UTF-8, which the scanner compares without making strings.
    let bytes: [UInt8]
    /// Bytes of the outermost key.
    let firstCount: Int

    package init(_ text: String) {
        bytes = Array(text.utf8)
        firstCount = bytes.firstIndex(of: UInt8(ascii: ".")) ?? bytes.count
    }

    /// The path as it is written.
    package var text: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The keys of the path, outermost first; at least one.
    package var components: [String] {
        // Bytes, not characters: to Swift a dot before a combining accent is another character.
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
