package import JSON

extension Field {
    /// What a value that a client sends must satisfy besides its kind.
    package enum Rule: Sendable, Hashable {
        /// A text is not empty.
        case notEmpty
        /// A number is at least 1; `unit` is what it counts, for the error: ` second`.
        case positive(unit: String = "")
        /// A number is at least 1, or -1 for what the text says.
        case positiveOrMinusOne(for: String)
        /// The value may be missing, but not `null`.
        case notNull

        /// What the value must be, after "must be" in an error.
        var expected: String {
            switch self {
            case .notEmpty: "a text that is not empty"
            case .positive(let unit): "at least 1\(unit)"
            case .positiveOrMinusOne(let meaning): "at least 1, or -1 for \(meaning)"
            case .notNull: "true or false"
            }
        }

        /// Whether a value satisfies the rule; one of another kind does, because its kind is checked elsewhere.
        func allows(_ value: JSON) -> Bool {
            switch self {
            case .notEmpty: value != ""
            case .positive: value.int.map { $0 > 0 } ?? true
            case .positiveOrMinusOne: value.int.map { $0 > 0 || $0 == -1 } ?? true
            case .notNull: !value.isNull
            }
        }
    }
}

extension [Field] {
    /// Checks the rules of the fields of an object that a client sent; errors call it by `path`.
    package func checkRules(of object: JSON, as path: String) throws(ValidationError) {
        for field in self {
            guard let rule = field.rule, let value = object[field.name], !rule.allows(value) else { continue }
            throw .malformedField("\(path).\(field.name)", expected: rule.expected)
        }
    }
}
