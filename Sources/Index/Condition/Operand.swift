package import JSON

/// The right side of a condition, with all interpretations of the client's text.
///
/// A query parameter is only text, and clients may quote numbers, so an operand equals every value that its text can
/// represent:
///
///     1        the number 1, the string "1"
///     null     null, a missing member, the string "null"
///     true     true, the string "true"
///     2026-11-23T19:16:04Z     every spelling of that instant
///     idle     the string "idle"
package struct Operand: Sendable, Hashable {
    /// The values it equals; empty for an operand that no value can match.
    let forms: [Scalar]
    /// The value for comparisons.
    let reading: Scalar
}

extension Operand {
    /// Reads a query parameter, or a string in a body.
    ///
    /// `null`, `true` and `false` are recognised in any case: Python's clients write `True`.
    package init(text: String) {
        let own = Scalar(string: text)
        if case .numeral(let number, _) = own {
            self.init(forms: [own, .number(number)], reading: own)
        } else if let word = Self.word(text) {
            self.init(forms: [own, word], reading: word)
        } else {
            self.init(forms: [own], reading: own)
        }
    }

    /// Reads an id: `null` and `true` are ordinary ids.
    package init(exactly text: String) {
        let own = Scalar(string: text)
        self.init(forms: [own], reading: own)
    }

    /// Every spelling of an instant.
    package init(_ instant: Timestamp) {
        self.init(forms: [.instant(instant)], reading: .instant(instant))
    }

    /// Reads a value of a JSON body.
    ///
    /// An array or an object is not a scalar and equals nothing.
    package init(_ json: JSON) {
        switch json {
        case .null: self.init(forms: [.null], reading: .null)
        case .bool(let value): self.init(text: value ? "true" : "false")
        case .number(let number): self.init(text: number.text)
        case .string(let text): self.init(text: text)
        case .array, .object: self.init(forms: [], reading: .null)
        }
    }

    private static func word(_ text: String) -> Scalar? {
        guard text.utf8.count <= 5 else { return nil }
        return switch text.lowercased() {
        case "null": .null
        case "true": .bool(true)
        case "false": .bool(false)
        default: nil
        }
    }
}
