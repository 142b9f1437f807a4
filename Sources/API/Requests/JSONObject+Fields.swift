internal import JSON

extension JSONObject {
    /// The integer in a field, also where a form sent it as text; nil where it is absent or null.
    func integer(_ name: String) throws(RequestError) -> Int64? {
        switch self[name] {
        case nil, .null: return nil
        case .number(let number)?: if let value = number.whole { return value }
        case .string(let text)?: if let value = Int64(text) { return value }
        default: break
        }
        throw .malformedField(name, expected: "an integer")
    }

    /// The texts in a field: a list of them, or one text with commas between; nil where it is absent or null.
    func list(_ name: String) throws(RequestError) -> [String]? {
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

    /// The truth in a field, also where a form sent it as text; nil where it is absent or null.
    func bool(_ name: String) throws(RequestError) -> Bool? {
        switch self[name] {
        case nil, .null: return nil
        case .bool(let value)?: return value
        case .string(let text)? where ["true", "false"].contains(text.lowercased()): return text.lowercased() == "true"
        default: throw .malformedField(name, expected: "true or false")
        }
    }

    /// The non-empty text in a field; nil where it is absent, null or empty.
    func text(_ name: String) throws(RequestError) -> String? {
        switch self[name] {
        case nil, .null: return nil
        case .string(let text)?: return text.isEmpty ? nil : text
        default: throw .malformedField(name, expected: "a string")
        }
    }
}

extension JSON {
    /// An integer as JSON.
    init(_ value: some FixedWidthInteger & SignedInteger) {
        self = .number(JSONNumber(Int64(value)))
    }
}
