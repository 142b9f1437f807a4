package import Index
internal import JSON

/// A condition as a URL spells it: `n__gte=5`.
package struct QueryParameter: Sendable {
    package let path: String
    package let suffix: String
    package let value: String

    package init(path: String, suffix: String, value: String) {
        self.path = path
        self.suffix = suffix
        self.value = value
    }
}

extension QueryParameter {
    package var condition: Condition {
        Condition(FieldPath(path), .named(suffix, Operand(text: value)))
    }
}

extension Condition.Test {
    /// The test that the suffix of a ``QueryParameter`` names.
    package static func named(_ suffix: String, _ operand: Operand) -> Condition.Test {
        switch suffix {
        case "ne": .noneOf([operand])
        case "lt": .less(operand)
        case "lte": .lessOrEqual(operand)
        case "gt": .greater(operand)
        case "gte": .greaterOrEqual(operand)
        default: .anyOf([operand])
        }
    }
}
