/// A lossless JSON value (RFC 8259): numbers keep their digits, objects keep the order of their keys.
///
/// Two values are equal if their texts are: `1` and `1.0` differ, objects with their keys in another order differ, and
/// so do the two Unicode spellings of `é`, which are equal as Swift strings.
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

/// Access by kind: nil if the value is of another kind; values are not converted.
extension JSON {
    /// Whether the value is `null`, as distinct from a missing member.
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The boolean.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The number with its original digits.
    package var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The number, if it is written as an integer and fits into 64 bits.
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

    /// The value of the member `key`; nil if there is none or this is not an object.
    package subscript(key: String) -> JSON? { object?[key] }

    /// The value at the end of a path of nested objects; arrays are not entered.
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
        guard let number = JSONNumber(value) else { preconditionFailure("\(value) is not finite") }
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
