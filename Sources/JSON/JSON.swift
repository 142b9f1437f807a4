/// A JSON value (RFC 8259) that loses nothing: numbers keep their digits, objects keep their order.
///
/// Two values are equal when they are written alike: `1` and `1.0` differ, objects with their keys in another order
/// differ, and so do the two Unicode spellings of `é`, which Swift's own comparison of strings calls equal.
package enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON {
    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.isIdentical(to: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

/// What a value holds, where it is of that kind; nil otherwise, never a conversion.
extension JSON {
    /// Whether this is `null`, which a document tells apart from a missing member.
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The truth value.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The number, as it was written.
    package var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The number, where it is written as an integer and fits.
    package var int: Int64? { number?.int }

    /// The number, rounded to the nearest double.
    package var double: Double? { number?.double }

    /// The text, unescaped.
    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The elements.
    package var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members.
    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The member of that name, where this is an object that has one.
    package subscript(key: String) -> JSON? { object?[key] }

    /// The value at the end of a path of objects; arrays are not entered.
    package subscript(path path: FieldPath) -> JSON? {
        var value = self
        for component in path.components {
            guard let next = value[component] else { return nil }
            value = next
        }
        return value
    }
}

extension JSON: ExpressibleByNilLiteral {
    package init(nilLiteral: ()) { self = .null }
}

extension JSON: ExpressibleByBooleanLiteral {
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSON: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }
}

extension JSON: ExpressibleByFloatLiteral {
    package init(floatLiteral value: Double) {
        guard let number = JSONNumber(value) else { preconditionFailure("JSON has no number for \(value)") }
        self = .number(number)
    }
}

extension JSON: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
}

extension JSON: ExpressibleByArrayLiteral {
    package init(arrayLiteral values: JSON...) { self = .array(values) }
}

extension JSON: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral members: (String, JSON)...) { self = .object(JSONObject(members)) }
}
