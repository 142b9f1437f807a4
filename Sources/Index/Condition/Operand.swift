package import JSON

/// What a condition compares with, read as loosely as clients write it.
///
/// A query parameter is only text, and clients quote numbers at will, so an operand equals every value it could have
/// meant:
///
///     1        the number 1, the string "1"
///     null     null, a missing member, the string "null"
///     true     true, the string "true"
///     2026-11-23T19:16:04Z     every spelling of that instant
///     idle     the string "idle"
package struct Operand: Sendable, Hashable {
    /// The values it equals: none for an operand no value can match.
    let forms: [Scalar]
    /// The value it is smaller or greater than.
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

    /// Reads an id: `null` and `true` are ids like any other.
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
