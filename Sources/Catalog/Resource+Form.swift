package import JSON

extension Resource {
    /// Returns the object that the fields of a form represent.
    ///
    /// A form knows only text, so each value is read as its field's kind says: `1.5` as a number where a number is
    /// declared, `{"a":1}` as JSON where an object is. A dotted name, `sender.client_id`, sets a member. What cannot
    /// be read so stays text, and ``validate(_:)`` names it. Of a repeated name the first counts.
    package func object(form fields: some Sequence<(name: String, value: String)>) -> JSONObject {
        var object = JSONObject()
        for (name, value) in fields {
            let parts = name.split(separator: ".", maxSplits: 1)
            if parts.count == 2 {
                var members = object[String(parts[0])]?.object ?? JSONObject()
                if members[String(parts[1])] == nil { members[String(parts[1])] = .string(value) }
                object[String(parts[0])] = .object(members)
            } else if object[name] == nil {
                let kind = self.fields.first { $0.name == name }?.kind ?? .string
                object[name] = kind.read(value)
            }
        }
        return object
    }
}

extension Field.Kind {
    fileprivate func read(_ text: String) -> JSON {
        switch self {
        case .identifier, .string: .string(text)
        case .timestamp: (try? JSON(parsing: text.utf8))?.number.map(JSON.number) ?? .string(text)
        case .number, .integer, .bool, .json, .object, .nodeRef: (try? JSON(parsing: text.utf8)) ?? .string(text)
        }
    }
}
