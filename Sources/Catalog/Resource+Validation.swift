package import JSON

extension Resource {
    /// Returns the document a client's object stands for: every field, in the declared order, `null` where unset.
    ///
    /// Fields that were left out are taken from their sources, so both dialects of the API end up the same.
    ///
    /// - Throws: ``ValidationError``, for the first thing that is wrong.
    package func validate(_ object: JSONObject) throws(ValidationError) -> JSONObject {
        for (name, _) in object where !isKnown(name) { throw .unknownField(name) }
        var document = JSONObject()
        for field in fields {
            document[field.name] = try field.check(object[field.name] ?? .null)
        }
        for field in fields where document[field.name] == .null {
            document[field.name] = field.valueFromSources(of: document)
        }
        for field in fields where field.isRequired && document[field.name] == .null {
            throw .missingField(field.name)
        }
        return document
    }

    private func isKnown(_ name: String) -> Bool {
        fields.contains { $0.name == name } || Self.stamps.contains(name)
    }
}

extension Field {
    /// Returns the value as it is kept.
    func check(_ value: JSON) throws(ValidationError) -> JSON {
        if value == .null { return .null }
        guard kind != .nodeRef else { return try checkNodeRef(value) }
        guard let checked = kind.accept(value) else { throw .wrongKind(field: name, expected: kind) }
        return checked
    }

    /// The first value a source has that this field can take; an identifier becomes the sender it names.
    func valueFromSources(of document: JSONObject) -> JSON {
        for source in sources {
            guard let value = document.value(at: source), value != .null else { continue }
            if kind == .nodeRef { return Self.nodeRef(client: value) }
            if let checked = kind.accept(value) { return checked }
        }
        return .null
    }

    /// Accepts `client_id` or `combiner_id` alone; FEDn's combiners send neither, but a name and a role.
    private func checkNodeRef(_ value: JSON) throws(ValidationError) -> JSON {
        guard let object = value.object else { throw .wrongKind(field: name, expected: kind) }
        for (member, value) in object {
            guard Self.nodeRefMembers.contains(member) else { throw .unknownField("\(name).\(member)") }
            guard value == .null || value.string != nil else {
                throw .wrongKind(field: "\(name).\(member)", expected: .string)
            }
        }
        func text(_ member: String) -> String? {
            object[member]?.string.flatMap { $0.isEmpty ? nil : $0 }
        }
        let client = text("client_id")
        let combiner = text("combiner_id")
        guard client != nil || combiner != nil || (text("name") != nil && text("role") != nil) else {
            throw .unresolvableSender(field: name)
        }
        return Self.nodeRef(
            name: text("name"),
            role: text("role")?.lowercased() ?? (client != nil ? "client" : "combiner"),
            client: client.map(JSON.string) ?? .null,
            combiner: combiner.map(JSON.string) ?? .null
        )
    }

    private static func nodeRef(
        name: String? = nil,
        role: String = "client",
        client: JSON = .null,
        combiner: JSON = .null
    ) -> JSON {
        ["name": name.map(JSON.string) ?? .null, "role": .string(role), "client_id": client, "combiner_id": combiner]
    }
}

extension Field.Kind {
    /// Longest key of a document, in bytes.
    static let identifierByteCountMax = 256

    /// Returns the value as it is kept, or nil where it is of another kind.
    func accept(_ value: JSON) -> JSON? {
        switch (self, value) {
        case (.json, _), (.object, .object), (.string, .string), (.number, .number), (.bool, .bool):
            return value
        case (.identifier, .string(let text)):
            guard (1...Self.identifierByteCountMax).contains(text.utf8.count) else { return .none }
            return value
        case (.integer, .number(let number)):
            return number.int.map { .number(JSONNumber($0)) }
        case (.timestamp, .string(let text)):
            return Timestamp(parsing: text).map { .string($0.description) }
        default:
            // Not `nil`, which would be the JSON null.
            return .none
        }
    }
}

extension JSONObject {
    /// The value at a path of one or two names.
    fileprivate func value(at path: FieldPath) -> JSON? {
        path.components.dropFirst().reduce(path.components.first.flatMap { self[$0] }) { value, name in
            value?.object?[name]
        }
    }
}
