internal import Index
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
/// server, with a warning. Of a repeated name the first counts. Alternatives match where one of them does, with `ne` where none does, and
/// with any other operator never. An operand is read as ``Operand`` says, but for two kinds of fields: roles are
/// compared in lower case, as they are stored (FEDn's combiners wrote `CLIENT`, the reference `client`), and where a
/// field is an instant, the value must be null or a time, in any notation. Source: docs/API.md, "Lists, counts, filters".
extension Resource {
    /// Reads the parameters of a URL.
    package func requestedFilter(
        query parameters: some Sequence<(name: String, value: String)>
    ) throws(ValidationError) -> RequestedFilter {
        try requestedFilter(parameters) { reader, value throws(ValidationError) in .one(try reader.operand(value)) }
    }

    /// Reads the fields of a form body.
    package func requestedFilter(
        form fields: some Sequence<(name: String, value: String)>
    ) throws(ValidationError) -> RequestedFilter {
        try requestedFilter(fields) { reader, value throws(ValidationError) in try reader.alternatives(value) }
    }

    /// Reads a JSON body; anything but an object has no conditions.
    package func requestedFilter(body: JSON) throws(ValidationError) -> RequestedFilter {
        var requested = RequestedFilter()
        guard case .object(let object) = body else {
            requested.warnings.add("the body is not a JSON object, so it has no conditions")
            return requested
        }
        for (name, value) in object {
            try add(name, to: &requested) { reader throws(ValidationError) in try reader.alternatives(value) }
        }
        return requested
    }

    private func requestedFilter(
        _ parameters: some Sequence<(name: String, value: String)>,
        _ operands: (inout ConditionReader, String) throws(ValidationError) -> Operands
    ) throws(ValidationError) -> RequestedFilter {
        // As bytes: names that only look alike are different names.
        var seen: Set<[UInt8]> = []
        var requested = RequestedFilter()
        for (name, value) in parameters where seen.insert(Array(name.utf8)).inserted {
            try add(name, to: &requested) { reader throws(ValidationError) in try operands(&reader, value) }
        }
        return requested
    }

    /// Adds the condition with a name, and the warnings about it.
    private func add(
        _ name: String,
        to requested: inout RequestedFilter,
        _ operands: (inout ConditionReader) throws(ValidationError) -> Operands
    ) throws(ValidationError) {
        let (field, operatorName) = Self.split(name)
        guard Operands.operatorNames.contains(operatorName) else {
            return requested.warnings.add(Self.unknownOperator(operatorName, of: field))
        }
        let path = path(field)
        var reader = ConditionReader(name: name, content: content(at: path))
        let operands = try operands(&reader)
        guard let test = operands.test(operatorName) else { return }
        requested.filter.conditions.append(Condition(path, test))
        if case .nothing = reader.content { requested.warnings.add(unknownField(field)) }
        if let misfit = reader.misfit { requested.warnings.add(misfit) }
        if case .many = operands, !["eq", "ne"].contains(operatorName) {
            requested.warnings.add(
                "\(name.quoted) has several values, of which a comparison matches none; send one value"
            )
        }
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
}

/// Reads the values of one condition.
private struct ConditionReader {
    /// The field with its operator, as the client wrote it.
    let name: String
    let content: FieldContent
    /// The warning about the first value that no document can have.
    private(set) var misfit: String?

    init(name: String, content: FieldContent) {
        self.name = name
        self.content = content
    }

    mutating func operand(_ text: String) throws(ValidationError) -> Operand {
        if misfit == nil, !content.canBe(text) { misfit = content.misfit(text, of: name) }
        switch content {
        case .role: return Operand(text: text.lowercased())
        case .value(.timestamp):
            if text.lowercased() == "null" { return Operand(text: text) }
            guard let time = Timestamp(parameter: text) else { throw .notATime(field: name, value: text) }
            return Operand(time)
        case .value, .object, .anything, .nothing: return Operand(text: text)
        }
    }

    private mutating func operand(_ value: JSON) throws(ValidationError) -> Operand {
        switch value {
        case .null: return Operand(.null)
        case .string(let text): return try operand(text)
        case .number(let number): return try operand(number.text)
        case .bool(let isTrue): return try operand(isTrue ? "true" : "false")
        case .array, .object:
            if case .value(.timestamp) = content { throw .notATime(field: name, value: "an array or object") }
            misfit =
                misfit
                ?? "\(name.quoted) has an array or object as a value, which matches nothing; operators are part of "
                + "the name: field__gt"
            return Operand(value)
        }
    }

    /// Splits at commas; blanks around them belong to the operands.
    mutating func alternatives(_ text: String) throws(ValidationError) -> Operands {
        // Bytes, not characters: to Swift a comma before a combining accent is part of another character.
        var parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        if case .value(.timestamp) = content { parts = Self.joiningDayNames(parts) }
        guard parts.count > 1 else { return .one(try operand(text)) }
        var operands: [Operand] = []
        for part in parts { operands.append(try operand(part)) }
        return .many(operands)
    }

    mutating func alternatives(_ value: JSON) throws(ValidationError) -> Operands {
        switch value {
        case .string(let text): return try alternatives(text)
        case .array(let elements):
            var operands: [Operand] = []
            for element in elements { operands.append(try operand(element)) }
            return .many(operands)
        case .null, .bool, .number, .object: return .one(try operand(value))
        }
    }

    /// Undoes the split after the name of a day: `Mon, 23 Nov 2026 19:16:04 GMT` is one value.
    private static func joiningDayNames(_ parts: [String]) -> [String] {
        parts.reduce(into: []) { joined, part in
            if let last = joined.last, Timestamp.isDayName(last.trimmingSpaces) {
                joined[joined.count - 1] = "\(last),\(part)"
            } else {
                joined.append(part)
            }
        }
    }
}

/// The right side of a condition: one operand, or alternatives.
private enum Operands {
    static let operatorNames = ["eq", "ne", "gt", "gte", "lt", "lte"]

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
