package import JSON

// Reads one field of a request whose fields no resource declares.

extension JSONObject {
    /// The integer in a field, also where a form sent it as text; nil where it is absent or null.
    package func integer(_ name: String) throws(ValidationError) -> Int64? {
        switch self[name] {
        case nil, .null: return nil
        case .number(let number)?: if let value = number.whole { return value }
        case .string(let text)?: if let value = Int64(text) { return value }
        default: break
        }
        throw .wrongKind(field: name, expected: .integer)
    }

    /// The texts in a field: a list of them, or one text with commas between; nil where it is absent or null.
    package func list(_ name: String) throws(ValidationError) -> [String]? {
        switch self[name] {
        case nil, .null: return nil
        case .string(let text)?: return text.split(separator: ",").map(String.init)
        case .array(let values)?:
            let texts = values.compactMap(\.string)
            if texts.count == values.count { return texts }
        default: break
        }
        throw .malformedField(name, expected: "a list of strings")
    }

    /// The different texts of a list, in order; each causes a query, so there is a maximum.
    package func distinctList(_ name: String) throws(ValidationError) -> [String]? {
        guard let list = try list(name) else { return nil }
        var seen: Set<[UInt8]> = []
        let distinct = list.filter { seen.insert(Array($0.utf8)).inserted }
        guard distinct.count <= Self.distinctCountMax else {
            throw .malformedField(name, expected: "a list of at most \(Self.distinctCountMax) different strings")
        }
        return distinct
    }

    private static let distinctCountMax = 1_000

    /// The truth in a field, also where a form sent it as text; nil where it is absent or null.
    package func bool(_ name: String) throws(ValidationError) -> Bool? {
        switch self[name] {
        case nil, .null: return nil
        case .bool(let value)?: return value
        case .string(let text)? where ["true", "false"].contains(text.lowercased()): return text.lowercased() == "true"
        default: throw .wrongKind(field: name, expected: .bool)
        }
    }

    /// The non-empty text in a field; nil where it is absent, null or empty.
    package func text(_ name: String) throws(ValidationError) -> String? {
        switch self[name] {
        case nil, .null: return nil
        case .string(let text)?: return text.isEmpty ? nil : text
        default: throw .wrongKind(field: name, expected: .string)
        }
    }

    /// The non-empty text in a field that must have one.
    package func requiredText(_ name: String) throws(ValidationError) -> String {
        guard let text = try text(name) else { throw .missingField(name) }
        return text
    }
}
