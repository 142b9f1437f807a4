internal import JSON

extension JSONObject {
    /// The integer in a field, also where a form sent it as text; nil where it is absent or null.
    func integer(_ name: String) throws(RequestError) -> Int64? {
        switch self[name] {
        case nil, .null: return nil
        case .number(let number)?: if let value = number.int { return value }
        case .string(let text)?: if let value = Int64(text) { return value }
        default: break
        }
        throw .malformedField(name, expected: "an integer")
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
