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

    package init(_ path: FieldPath, _ test: Test) {
        self.path = path
        self.test = test
    }
}

extension Condition.Test {
    package static func equal(_ text: String) -> Self { .anyOf([Operand(text: text)]) }
    package static func notEqual(_ text: String) -> Self { .noneOf([Operand(text: text)]) }

    /// Whether one value passes.
    ///
    /// `noneOf` answers for the value alone; ``Condition`` asks it of all values of a path together.
    func passes(_ value: Scalar) -> Bool {
        switch self {
        case .anyOf(let operands): operands.contains { $0.forms.contains(value) }
        case .noneOf(let operands): !operands.contains { $0.forms.contains(value) }
        case .less(let operand): value.isComparable(to: operand.reading) && value.precedes(operand.reading)
        case .lessOrEqual(let operand): value.isComparable(to: operand.reading) && !operand.reading.precedes(value)
        case .greater(let operand): value.isComparable(to: operand.reading) && operand.reading.precedes(value)
        case .greaterOrEqual(let operand): value.isComparable(to: operand.reading) && !value.precedes(operand.reading)
        }
    }
}
