package import Index
package import JSON

/// Filters as clients write them, read once into the typed conditions that `Store` evaluates.
///
///     condition  = field [ "__" operator ] "=" value
///     field      = name *( "." name )                              ; or an alias that the resource declares
///     operator   = "eq" / "ne" / "gt" / "gte" / "lt" / "lte"       ; default: eq
///     value      = operand                                         ; in a URL, where a comma is part of it
///                / operand *( "," operand )                        ; in a form and in a string of a JSON body
///                / JSON                                            ; in a JSON body; an array holds alternatives
///
/// The operator follows the last `__` of the name; a condition with an unknown one is ignored, as by the official
/// server. Of a repeated name the first counts. Alternatives match where one of them does, with `ne` where none does, and
/// with any other operator never. An operand is read as ``Operand`` says, but for two kinds of fields: roles are
/// compared in lower case, as they are stored (FEDn's combiners wrote `CLIENT`, the reference `client`), and where a
/// field is an instant, a number is a Unix time in seconds. Source: docs/API.md, "Lists, counts, filters".
extension Resource {
    /// Reads the parameters of a URL.
    package func filter(query parameters: some Sequence<(name: String, value: String)>) -> Filter {
        filter(parameters) { .one($0.operand($1)) }
    }

    /// Reads the fields of a form body.
    package func filter(form fields: some Sequence<(name: String, value: String)>) -> Filter {
        filter(fields) { $0.alternatives($1) }
    }

    /// Reads a JSON body; anything but an object has no conditions.
    package func filter(body: JSON) -> Filter {
        guard case .object(let object) = body else { return Filter() }
        return Filter(object.compactMap { name, value in condition(name) { $0.alternatives(value) } })
    }

    /// Reads one condition as in a URL; nil where its operator is unknown.
    package func condition(_ name: String, _ value: String) -> Condition? {
        condition(name) { .one($0.operand(value)) }
    }

    private func filter(
        _ parameters: some Sequence<(name: String, value: String)>,
        _ operands: (Reading, String) -> Operands
    ) -> Filter {
        // As bytes: names that only look alike are different names.
        var seen: Set<[UInt8]> = []
        return Filter(
            parameters.compactMap { name, value in
                seen.insert(Array(name.utf8)).inserted ? condition(name) { operands($0, value) } : nil
            }
        )
    }

    private func condition(_ name: String, _ operands: (Reading) -> Operands) -> Condition? {
        let (field, operatorName) = Self.split(name)
        guard let test = operands(reading(of: field)).test(operatorName) else { return nil }
        return Condition(path(field), test)
    }

    /// Splits `step__gte` at its last `__`; without one the operator is `eq`.
    private static func split(_ name: String) -> (field: String, operatorName: String) {
        let bytes = Array(name.utf8)
        let underscore = UInt8(ascii: "_")
        let last = bytes.indices.dropFirst().last { bytes[$0] == underscore && bytes[$0 - 1] == underscore }
        guard let last else { return (name, "eq") }
        let text = { String(decoding: bytes[$0], as: UTF8.self) }
        return (text(0..<(last - 1)), text((last + 1)..<bytes.count))
    }

    private func reading(of field: String) -> Reading {
        if Self.stamps.contains(field) { return .instant }
        for declared in fields {
            if declared.kind == .timestamp, declared.name == field { return .instant }
            if declared.kind == .nodeRef, "\(declared.name).role" == field { return .role }
        }
        return .plain
    }
}

/// How the values of a field are read.
private enum Reading {
    case plain, role, instant

    func operand(_ text: String) -> Operand {
        switch self {
        case .plain: Operand(text: text)
        case .role: Operand(text: text.lowercased())
        case .instant: Timestamp(unixTime: text).map { Operand($0) } ?? Operand(text: text)
        }
    }

    private func operand(_ value: JSON) -> Operand {
        switch (self, value) {
        case (_, .string(let text)): operand(text)
        case (.instant, .number(let number)): Timestamp(unixTime: number).map { Operand($0) } ?? Operand(value)
        case (_, .null), (_, .bool), (_, .number), (_, .array), (_, .object): Operand(value)
        }
    }

    /// Splits at commas; blanks around them belong to the operands.
    func alternatives(_ text: String) -> Operands {
        // Bytes, not characters: to Swift a comma before a combining accent is part of another character.
        let parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard parts.count > 1 else { return .one(operand(text)) }
        return .many(parts.map { operand(String(decoding: $0, as: UTF8.self)) })
    }

    func alternatives(_ value: JSON) -> Operands {
        switch value {
        case .string(let text): alternatives(text)
        case .array(let elements): .many(elements.map { operand($0) })
        case .null, .bool, .number, .object: .one(operand(value))
        }
    }
}

/// The right side of a condition: one operand, or alternatives.
private enum Operands {
    case one(Operand)
    case many([Operand])

    /// What an operator tests with them; nil for an unknown operator.
    func test(_ operatorName: String) -> Condition.Test? {
        switch operatorName {
        case "eq": .anyOf(all)
        case "ne": .noneOf(all)
        case "lt": comparison(Condition.Test.less)
        case "lte": comparison(Condition.Test.lessOrEqual)
        case "gt": comparison(Condition.Test.greater)
        case "gte": comparison(Condition.Test.greaterOrEqual)
        default: nil
        }
    }

    private var all: [Operand] {
        switch self {
        case .one(let operand): [operand]
        case .many(let operands): operands
        }
    }

    private func comparison(_ test: (Operand) -> Condition.Test) -> Condition.Test {
        switch self {
        case .one(let operand): test(operand)
        case .many: .anyOf([])
        }
    }
}

extension Timestamp {
    /// The instant so many seconds after 1970, rounded to microseconds; nil outside of the years 1 to 9999.
    init?(unixTime number: JSONNumber) {
        guard let seconds = number.double, (-62_135_596_800..<253_402_300_800).contains(seconds) else { return nil }
        self.init(microseconds: Int64((seconds * 1_000_000).rounded()))
    }

    /// Reads a number without blanks around it, which the JSON parser would accept.
    fileprivate init?(unixTime text: String) {
        guard !text.contains(where: \.isWhitespace), let number = (try? JSON(parsing: text.utf8))?.number else {
            return nil
        }
        self.init(unixTime: number)
    }
}
