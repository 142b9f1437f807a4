package import JSON

/// The conditions a document must pass, all of them; without any, every document passes.
package struct Filter: Sendable, Hashable {
    package var conditions: [Condition]

    package init(_ conditions: [Condition] = []) {
        self.conditions = conditions
    }
}

/// Reading filters as clients send them: `field`, or `field__op` with `eq ne gt gte lt lte`.
///
/// A name with another suffix is left out, as the official server does. Source: docs/API.md, "Lists, counts, filters".
extension Filter {
    /// Reads the parameters of a URL.
    ///
    /// The first of a repeated name counts, and a comma is only a comma.
    package init(query parameters: some Sequence<(name: String, value: String)>) {
        self.init(parameters) { .one(Operand(text: $0)) }
    }

    /// Reads the fields of a form body.
    ///
    /// The first of a repeated name counts; a comma separates alternatives.
    package init(form fields: some Sequence<(name: String, value: String)>) {
        self.init(fields, Values.init(commaSeparated:))
    }

    /// Reads a JSON body.
    ///
    /// A comma in a string separates alternatives, and so does an array; anything but an object is no filter.
    package init(body: JSON) {
        guard case .object(let object) = body else {
            self.init()
            return
        }
        self.init(
            object.compactMap { name, value in
                switch value {
                case .array(let elements): Condition(name, .many(elements.map { Operand($0) }))
                case .string(let text): Condition(name, Values(commaSeparated: text))
                case .null, .bool, .number, .object: Condition(name, .one(Operand(value)))
                }
            }
        )
    }

    private init(
        _ parameters: some Sequence<(name: String, value: String)>,
        _ values: (String) -> Values
    ) {
        var seen: Set<Text> = []
        self.init(
            parameters.compactMap { name, value in
                seen.insert(Text(name)).inserted ? Condition(name, values(value)) : nil
            }
        )
    }
}

/// What stands on the right of a condition: one operand, or alternatives.
private enum Values {
    case one(Operand)
    case many([Operand])

    /// Splits at commas; blanks around them belong to the values.
    init(commaSeparated text: String) {
        guard text.utf8.contains(UInt8(ascii: ",")) else {
            self = .one(Operand(text: text))
            return
        }
        // Bytes, not characters: to Swift a comma before a combining accent is part of another character.
        let parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        self = .many(parts.map { Operand(text: String(decoding: $0, as: UTF8.self)) })
    }

    var all: [Operand] {
        switch self {
        case .one(let operand): [operand]
        case .many(let operands): operands
        }
    }
}

extension Condition {
    /// Returns nil for a suffix that is no operator.
    ///
    /// Alternatives on the side of a comparison match nothing.
    fileprivate init?(_ name: String, _ values: Values) {
        let (field, suffix) = Self.split(name)
        let comparison: (Operand) -> Test
        switch suffix {
        case nil, "eq":
            self.init(FieldPath(field), .anyOf(values.all))
            return
        case "ne":
            self.init(FieldPath(field), .noneOf(values.all))
            return
        case "lt": comparison = Test.less
        case "lte": comparison = Test.lessOrEqual
        case "gt": comparison = Test.greater
        case "gte": comparison = Test.greaterOrEqual
        default: return nil
        }
        guard case .one(let operand) = values else {
            self.init(FieldPath(field), .anyOf([]))
            return
        }
        self.init(FieldPath(field), comparison(operand))
    }

    /// Splits `step__gte` at its last `__`.
    private static func split(_ name: String) -> (field: String, suffix: String?) {
        var underscores = name.utf8.count - 1
        let bytes = Array(name.utf8)
        while underscores >= 1 {
            if bytes[underscores] == UInt8(ascii: "_"), bytes[underscores - 1] == UInt8(ascii: "_") {
                let field = String(decoding: bytes[..<(underscores - 1)], as: UTF8.self)
                return (field, String(decoding: bytes[(underscores + 1)...], as: UTF8.self))
            }
            underscores -= 1
        }
        return (name, nil)
    }
}
