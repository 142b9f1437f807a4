package import JSON

extension Resource {
    /// Returns the document for a client's object: every field, in the declared order, `null` if unset.
    ///
    /// Missing fields are taken from their sources, so both dialects of the API give the same document.
    ///
    /// - Throws: ``ValidationError``, for the first problem.
    package func validate(_ object: JSONObject) throws(ValidationError) -> JSONObject {
        try validate(object, mayBeEmpty: [])
    }

    /// Returns the document for an object; the required fields in `mayBeEmpty` may be null.
    func validate(_ object: JSONObject, mayBeEmpty: Set<String>) throws(ValidationError) -> JSONObject {
        for (name, _) in object where !isKnown(name) { throw .unknownField(name) }
        return try fields.document(from: object, mayBeEmpty: mayBeEmpty)
    }

    /// Returns a document with the changes that a client sent.
    ///
    /// Sent fields replace the old ones; of an object with declared members, only the sent members are replaced, as in
    /// RFC 7396. The key and the time stamps cannot be changed. What an import kept in `extra` stays.
    ///
    /// - Throws: ``ValidationError``, for the first problem.
    package func validate(_ change: JSONObject, changing old: JSONObject) throws(ValidationError) -> JSONObject {
        for (name, _) in change where !isKnown(name) { throw .unknownField(name) }
        var document = old
        for (name, value) in change where name != key && !Self.stamps.contains(name) && value != old[name] {
            if let mutableFields, !mutableFields.contains(name) { throw .immutableField(name) }
            let isPartial = fields.contains { $0.name == name && !$0.members.isEmpty }
            guard isPartial, case .object(var merged)? = document[name], case .object(let members) = value else {
                document[name] = value
                continue
            }
            for (member, value) in members { merged[member] = value }
            document[name] = .object(merged)
        }
        return try validateStored(document)
    }

    /// Returns the document for an object that was stored before: what an import kept in `extra` stays.
    ///
    /// - Throws: ``ValidationError``, for the first problem.
    package func validateStored(_ object: JSONObject) throws(ValidationError) -> JSONObject {
        guard !isKnown(Self.extra), let extra = object[Self.extra] else { return try validate(object) }
        var document = object
        document[Self.extra] = nil
        document = try validate(document)
        document[Self.extra] = extra
        return document
    }

    private func isKnown(_ name: String) -> Bool {
        fields.contains { $0.name == name } || Self.stamps.contains(name)
    }
}

extension [Field] {
    /// Returns the object with every field: checked, taken from its sources, or its default.
    ///
    /// `prefix` is the dotted path of the object these are the members of, for errors.
    fileprivate func document(
        from object: JSONObject,
        prefix: String = "",
        mayBeEmpty: Set<String> = []
    ) throws(ValidationError) -> JSONObject {
        var document = JSONObject()
        for field in self {
            document[field.name] = try field.check(object[field.name] ?? .null, as: prefix + field.name)
        }
        for field in self where document[field.name] == .null {
            let value = field.valueFromSources(of: document)
            document[field.name] = value == .null ? field.defaultValue : value
        }
        for field in self where field.isRequired && document[field.name] == .null && !mayBeEmpty.contains(field.name) {
            throw .missingField(prefix + field.name)
        }
        return document
    }
}

extension Field {
    /// Returns the value as it is kept; errors call the field by its path.
    func check(_ value: JSON, as path: String) throws(ValidationError) -> JSON {
        if value == .null { return .null }
        guard kind != .nodeRef else { return try checkNodeRef(value) }
        if !members.isEmpty, case .object(let object) = value {
            for (member, _) in object where !members.contains(where: { $0.name == member }) {
                throw .unknownField("\(path).\(member)")
            }
            return .object(try members.document(from: object, prefix: "\(path)."))
        }
        guard let checked = kind.accept(value) else { throw .wrongKind(field: path, expected: kind) }
        return checked
    }

    /// Returns the first value of a source that this field accepts; an identifier becomes the sender it names.
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
        guard Self.namesNode(object) else { throw .unresolvableSender(field: name) }
        func text(_ member: String) -> String? { Self.text(member, of: object) }
        let client = text("client_id")
        let combiner = text("combiner_id")
        return Self.nodeRef(
            name: text("name"),
            role: text("role")?.lowercased() ?? (client != nil ? "client" : "combiner"),
            client: client.map(JSON.string) ?? .null,
            combiner: combiner.map(JSON.string) ?? .null
        )
    }

    /// Whether a sender has an id, or a name and a role.
    static func namesNode(_ object: JSONObject) -> Bool {
        text("client_id", of: object) != nil || text("combiner_id", of: object) != nil
            || (text("name", of: object) != nil && text("role", of: object) != nil)
    }

    /// The non-empty text of a member.
    private static func text(_ member: String, of object: JSONObject) -> String? {
        object[member]?.string.flatMap { $0.isEmpty ? nil : $0 }
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
            return number.whole.map { .number(JSONNumber($0)) }
        case (.timestamp, .string), (.timestamp, .number):
            return Timestamp(value: value).map { JSON($0) }
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
