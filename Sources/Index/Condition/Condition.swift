package import JSON

/// A condition on one field of a document.
///
/// A path through arrays yields every element, of which one must match; ``Test/noneOf(_:)`` negates this. A missing
/// member counts as null.
package struct Condition: Sendable, Hashable {
    /// The test of the field's value.
    package enum Test: Sendable, Hashable {
        /// Equal to one of the operands.
        case anyOf([Operand])
        /// Equal to none of them: the exact negation, so a document without the field matches `__ne=x`.
        case noneOf([Operand])
        /// Smaller or greater than the operand, among values of the same type only; see ``Scalar``.
        case less(Operand)
        case lessOrEqual(Operand)
        case greater(Operand)
        case greaterOrEqual(Operand)
    }

    package let path: FieldPath
    package let test: Test
    /// Every value that equals one of the operands, possibly thousands.
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
    /// The size of its path and its values in memory, roughly: values are in the test and in the forms.
    var byteCount: Int {
        let values: Int
        switch test {
        case .anyOf, .noneOf:
            values = forms.reduce(0) { $0 + 2 * (MemoryLayout<Scalar>.stride + $1.byteCount) }
        case .less(let operand), .lessOrEqual(let operand), .greater(let operand), .greaterOrEqual(let operand):
            values = MemoryLayout<Scalar>.stride + operand.reading.byteCount
        }
        return path.text.utf8.count + values
    }

    /// Whether a single value matches; of a path with several values, one must match, or all for `noneOf`.
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
    /// Equal to this string only, without other interpretations; for ids.
    package static func exactly(_ text: String) -> Self { .anyOf([Operand(exactly: text)]) }
    package static func notEqual(_ text: String) -> Self { .noneOf([Operand(text: text)]) }

    /// Whether one value passes a comparison; false for tests of equality.
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
