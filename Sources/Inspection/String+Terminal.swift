internal import JSON

extension String {
    /// The text with each character that a terminal obeys or hides replaced by its escape in JSON, such as `\u001b`.
    ///
    /// File names, ids and messages of a server can contain such characters, to move the cursor, to imitate another line
    /// or to change the order of the text. Letters of all languages are kept. JSON keeps its meaning, because its strings
    /// may contain every character in this form.
    package var escapedForTerminal: String {
        guard unicodeScalars.contains(where: \.isObeyedByTerminals) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.isObeyedByTerminals {
                text += "\\u" + Hexadecimal.text(UInt64(scalar.value)).suffix(4)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    /// Whether it is a control character (C0, DEL, C1), ends a line, or changes the direction of the text.
    fileprivate var isObeyedByTerminals: Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F: true
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
