import JSON

/// Validates values by schemas of the OpenAPI document: the part of JSON Schema that it uses for responses.
struct SchemaCheck {
    let document: JSON

    /// Returns the violations with their paths; empty if the value is valid.
    func violations(_ value: JSON, of schema: JSON, at path: String = "") -> [String] {
        if let reference = schema["$ref"]?.string {
            guard let target = target(of: reference) else { return ["\(reference) is nowhere"] }
            return violations(value, of: target, at: path)
        }
        if let alternatives = schema["anyOf"]?.array {
            let fits = alternatives.contains { violations(value, of: $0, at: path).isEmpty }
            return fits ? [] : ["\(path) fits no alternative"]
        }
        guard Self.fits(value, schema["type"]) else { return ["\(path) is of another type"] }
        if let values = schema["enum"]?.array, !values.contains(value) { return ["\(path) is none of the values"] }
        switch value {
        case .object(let object): return members(object, of: schema, at: path)
        case .array(let elements):
            return elements.flatMap { violations($0, of: schema["items"] ?? [:], at: "\(path)[]") }
        case .null, .bool, .number, .string: return []
        }
    }

    /// Returns the target of a reference in this document.
    func target(of reference: String) -> JSON? {
        reference.split(separator: "/").dropFirst().reduce(document as JSON?) { $0?[String($1)] }
    }

    private func members(_ object: JSONObject, of schema: JSON, at path: String) -> [String] {
        let properties = schema["properties"]
        let missing = (schema["required"]?.array ?? []).compactMap(\.string).filter { object[$0] == nil }
        return missing.map { "\(path).\($0) is missing" }
            + object.flatMap { name, value in
                if let property = properties?[name] {
                    return violations(value, of: property, at: "\(path).\(name)")
                }
                switch schema["additionalProperties"] {
                case false?: return ["\(path).\(name) is not in the schema"]
                case let other?: return violations(value, of: other, at: "\(path).\(name)")
                case nil: return []
                }
            }
    }

    private static func fits(_ value: JSON, _ type: JSON?) -> Bool {
        switch type {
        case nil: return true
        case .array(let types)?: return types.contains { fits(value, $0) }
        default: break
        }
        return switch (type?.string, value) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
            ("object", .object):
            true
        case ("integer", .number(let number)): number.int != nil
        default: false
        }
    }
}
