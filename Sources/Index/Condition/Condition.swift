package import JSON

/// One demand on one field of a document.
///
/// A path with arrays on it yields every element, and one that passes is enough; ``Test/noneOf(_:)`` negates the whole.
/// A missing member counts as null.
package struct Condition: Sendable, Hashable {
    /// What the field's value is tested for.
    package enum Test: Sendable, Hashable {
        /// Equal to one of the operands.
        case anyOf([Operand])
        /// Equal to none of them: the exact negation, so a document without the field passes `__ne=x`.
        case noneOf([Operand])
        /// Smaller or greater than the operand, among values of its own reading only; see ``Scalar``.
        case less(Operand)
        case lessOrEqual(Operand)
        case greater(Operand)
        case greaterOrEqual(Operand)
    }

    package let path: FieldPath
    package let test: Test
    /// Every value that equals one of the operands: a client may name thousands.
    package let forms: Set<Scalar>

    package init(_ path: FieldPath, _ test: Test) {
        self.path = path
        self.test = test
        switch test {
        case .anyOf(let operands), .noneOf(let operands): forms = Set(operands.lazy.flatMap(\.forms))
        case .less, .lessOrEqual, .greater, .greaterOrEqual: forms = []
        }
    }
}

extension Condition {
    /// Whether a single value passes; of a path that yields several, one is enough, or for `noneOf` all must.
    func passes(_ value: Scalar) -> Bool {
        switch test {
        case .anyOf: forms.contains(value)
        case .noneOf: !forms.contains(value)
        case .less, .lessOrEqual, .greater, .greaterOrEqual: test.passes(value)
        }
    }
}

extension Condition.Test {
    package static func equal(_ text: String) -> Self { .anyOf([Operand(text: text)]) }
    /// Equal to this string and to nothing it could be read as; for ids.
    package static func exactly(_ text: String) -> Self { .anyOf([Operand(exactly: text)]) }
    package static func notEqual(_ text: String) -> Self { .noneOf([Operand(text: text)]) }

    /// Whether one value is smaller or greater as a comparison asks; false for the tests of equality.
    func passes(_ value: Scalar) -> Bool {
        switch self {
        case .anyOf, .noneOf: false
        case .less(let operand): value.isComparable(to: operand.reading) && value.precedes(operand.reading)
        case .lessOrEqual(let operand): value.isComparable(to: operand.reading) && !operand.reading.precedes(value)
        case .greater(let operand): value.isComparable(to: operand.reading) && operand.reading.precedes(value)
        case .greaterOrEqual(let operand): value.isComparable(to: operand.reading) && !value.precedes(operand.reading)
        }
    }
}
