/// A frequent reason why bytes are not JSON, recognised at the byte that the grammar does not allow.
package enum JSONMistake: Sendable, Hashable, CaseIterable {
    /// `NaN`, `Infinity` and `-Infinity`, which Python writes.
    case notANumber
    /// `True`, `None`, `undefined`.
    case foreignConstant
    /// `'a'`, `“a”`, and keys without quotes.
    case quotes
    case trailingComma
    case missingSeparator
    case comment
    case utf16
    case multipart
    case markup
    case recordSeparators
    case binary

    /// What to do about it.
    package var remedy: String {
        switch self {
        case .notANumber: "JSON has no NaN or Infinity; send null or a string"
        case .foreignConstant: "the constants of JSON are true, false and null"
        case .quotes: "keys and texts need double quotes"
        case .trailingComma: "no comma may follow the last value"
        case .missingSeparator: "a comma or a colon is missing before it"
        case .comment: "JSON has no comments"
        case .utf16: "the text seems to be UTF-16; send UTF-8"
        case .multipart: "this seems to be multipart/form-data; send JSON"
        case .markup: "this seems to be HTML or XML; send JSON"
        case .recordSeparators: "it has record separators (RFC 7464); send JSON lines"
        case .binary: "this seems to be a binary file; send JSON"
        }
    }

    /// Nil if the mistake is not a frequent one.
    ///
    /// Reads the first bytes and the word at `position`; its cost does not depend on the length of `bytes`.
    init?(in bytes: UnsafeRawBufferPointer, at position: Int) {
        let surroundings = Surroundings(bytes: bytes, position: position)
        guard let found = surroundings.mistakeOfTheWhole ?? surroundings.mistakeOfAWord ?? surroundings.mistakeOfASign
        else { return nil }
        self = found
    }
}

/// The bytes around the one that the grammar does not allow.
private struct Surroundings {
    let bytes: UnsafeRawBufferPointer
    let position: Int

    /// The longest word that is recognised, and how many spaces are skipped.
    private static let byteCountMax = 64

    /// What the first bytes show: other formats fail at once.
    var mistakeOfTheWhole: JSONMistake? {
        guard position < 2, bytes.count > 3 else { return nil }
        switch (bytes[0], bytes[1]) {
        case (0xFF, 0xFE), (0xFE, 0xFF), (0, 0x20...0x7E), (0x20...0x7E, 0): return .utf16
        case (UInt8(ascii: "-"), UInt8(ascii: "-")): return .multipart
        case (UInt8(ascii: "<"), _): return .markup
        case (0x1E, _): return .recordSeparators
        case (0x80..., _) where !isQuote(at: 0), (..<0x09, _), (0x0E..<0x20, _): return .binary
        default: return nil
        }
    }

    var mistakeOfAWord: JSONMistake? {
        var start = position
        while start > 0, position - start < Self.byteCountMax, bytes[start - 1].isLetter { start -= 1 }
        let letters = bytes[start...].prefix(Self.byteCountMax).prefix { $0.isLetter }
        guard !letters.isEmpty else { return nil }
        switch String(decoding: letters, as: UTF8.self).lowercased() {
        case "nan", "inf", "infinity": return .notANumber
        case "true", "false", "null", "none", "nil", "undefined": return .foreignConstant
        default: return start == position && isKeyPlace ? .quotes : nil
        }
    }

    var mistakeOfASign: JSONMistake? {
        switch bytes[position] {
        case UInt8(ascii: "'"): .quotes
        case 0xE2 where isQuote(at: position): .quotes
        case UInt8(ascii: "/"), UInt8(ascii: "#"): .comment
        case UInt8(ascii: "}"), UInt8(ascii: "]"): previous == UInt8(ascii: ",") ? .trailingComma : nil
        case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "["): isAfterAValue ? .missingSeparator : nil
        default: nil
        }
    }

    /// The last byte before the position that is not a space.
    private var previous: UInt8? {
        bytes[..<position].suffix(Self.byteCountMax).last { !$0.isJSONSpace }
    }

    private var isKeyPlace: Bool {
        previous == UInt8(ascii: "{") || previous == UInt8(ascii: ",")
    }

    private var isAfterAValue: Bool {
        guard let previous else { return false }
        return previous.isDigit || previous.isLetter || #""}]"#.utf8.contains(previous)
    }

    /// Whether one of ‘ ’ “ ” is there: U+2018, U+2019, U+201C and U+201D.
    private func isQuote(at place: Int) -> Bool {
        bytes.count >= place + 3 && bytes[place] == 0xE2 && bytes[place + 1] == 0x80
            && [0x98, 0x99, 0x9C, 0x9D].contains(bytes[place + 2])
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool {
        (self | 0x20) >= UInt8(ascii: "a") && (self | 0x20) <= UInt8(ascii: "z")
    }
}
