package import Catalog
package import JSON

/// The name a client gave a file: a label that is shown and sent back, never a path.
package struct FileName: Sendable, Hashable {
    package let text: String

    package init(_ value: JSON?) throws(ValidationError) {
        guard let value, value != .null else { throw .missingField("file_name") }
        guard let text = value.string else { throw .wrongKind(field: "file_name", expected: .string) }
        try self.init(text)
    }

    /// Refuses what could be taken for a path, and control characters, which could rewrite an operator's terminal.
    package init(_ text: String) throws(ValidationError) {
        let isHarmless = text.unicodeScalars.allSatisfy {
            $0 != "/" && $0 != "\\" && $0.properties.generalCategory != .control
        }
        guard isHarmless, text != ".", text != ".." else {
            throw .malformedField("file_name", expected: "a name without a path or control characters")
        }
        self.text = text
    }
}
