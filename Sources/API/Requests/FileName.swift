internal import JSON

/// The name a client gave a file: a label that is shown and sent back, never a path.
struct FileName: Sendable, Hashable {
    let text: String

    init(_ value: JSON?) throws(RequestError) {
        guard let value, value != .null else { throw .missingField("file_name") }
        guard let text = value.string else { throw .malformedField("file_name", expected: "a string") }
        try self.init(text)
    }

    /// Refuses what could be taken for a path, and control characters, which could rewrite an operator's terminal.
    init(_ text: String) throws(RequestError) {
        let isHarmless = text.unicodeScalars.allSatisfy {
            $0 != "/" && $0 != "\\" && $0.properties.generalCategory != .control
        }
        guard isHarmless, text != ".", text != ".." else { throw .unsafeFileName }
        self.text = text
    }
}
