package import JSON

extension Resource {
    /// The member in which an import keeps what no field of the resource can have.
    package static let extra = "extra"

    /// Returns the document for an object that FEDn or another system wrote, and the changes that were necessary.
    ///
    /// - A field in lower camel case gets its declared name, unless that has a value.
    /// - A value of another kind is converted if nothing is lost: text and numbers into each other, also for times.
    /// - An unknown field, and a value that does not fit its field, become members of `extra`, by their path.
    /// - A sender that names no node is empty.
    /// - A combiner's name becomes its id, as does a model's `model`; a connected client becomes offline, and a running
    ///   session terminated; unless `isExport`, because Ledge wrote the document.
    /// - With `now`, the time stamps are kept; those up to a day later than `now` are set to `now`, because FEDn wrote
    ///   naive local times.
    ///
    /// - Throws: ``ValidationError`` if a required field still has no value.
    package func migrated(
        _ object: JSONObject,
        keepingTimesUntil now: Timestamp? = nil,
        isExport: Bool = false
    ) throws(ValidationError) -> (document: JSONObject, adaptations: [Adaptation]) {
        var migration = DocumentMigration()
        var sent = object
        for stamp in Self.stamps { sent[stamp] = nil }
        let declaresExtra = fields.contains { $0.name == Self.extra }
        if !declaresExtra, case .object(let extra)? = sent[Self.extra] {
            // An earlier import wrote it.
            migration.extra = extra
            sent[Self.extra] = nil
        }
        let rules = isExport ? nil : Self.migrations[name]
        for marker in rules?.markers ?? [] { sent[marker] = nil }
        var adapted = migration.adapt(sent, to: fields)
        if let rules { migration.adopt(&adapted, key: key, by: rules) }
        let mayBeEmpty = Self.migrations[name]?.mayBeEmpty ?? []
        var document = try validate(adapted, mayBeEmpty: mayBeEmpty)
        for field in fields where mayBeEmpty.contains(field.name) && document[field.name] == .null {
            migration.note(field.name, .empty)
            if field.kind == .nodeRef { document[field.name] = Field.emptyNodeRef }
        }
        if let now { migration.keepTimes(of: object, until: now, in: &document) }
        migration.addExtra(to: &document)
        return (document, migration.adaptations)
    }
}

/// The changes to one document.
private struct DocumentMigration {
    var extra = JSONObject()
    private(set) var adaptations: [Adaptation] = []

    mutating func note(_ path: String, _ change: Adaptation.Change) {
        adaptations.append(Adaptation(path, change))
    }

    private mutating func keep(_ value: JSON, _ path: String) {
        // MongoDB's form of a number that JSON does not have.
        extra[path] = value["$numberDouble"] ?? value
        note(path, .keptInExtra)
    }

    /// Returns the members as fields; `prefix` is the path of the object.
    mutating func adapt(_ object: JSONObject, to fields: [Field], prefix: String = "") -> JSONObject {
        var result = JSONObject()
        for field in fields { result[field.name] = object[field.name] }
        for (name, value) in object where !fields.contains(where: { $0.name == name }) {
            if let field = fields.first(where: { $0.lowerCamelCaseName == name }), result[field.name] ?? .null == .null
            {
                result[field.name] = value
                note(prefix + name, .renamed)
            } else {
                keep(value, prefix + name)
            }
        }
        for field in fields {
            guard let value = result[field.name], value != .null else { continue }
            result[field.name] = adapt(value, to: field, prefix + field.name)
        }
        return result
    }

    private mutating func adapt(_ value: JSON, to field: Field, _ path: String) -> JSON {
        switch (field.kind, value) {
        case (.nodeRef, .object(let object)):
            let members = adapt(object, to: Field.nodeRefFields, prefix: "\(path).")
            if Field.namesNode(members) { return .object(members) }
            for (name, value) in members where value != .null && value != "" { keep(value, "\(path).\(name)") }
            return .null
        case (.object, .object(let object)) where !field.members.isEmpty:
            return .object(adapt(object, to: field.members, prefix: "\(path)."))
        default:
            if field.kind.accept(value) != nil { return value }
            guard let converted = field.kind.converted(value) else {
                keep(value, path)
                return .null
            }
            note(path, .converted)
            return converted
        }
    }

    /// Identifies the document as Ledge does, and ends what was connected or running.
    mutating func adopt(_ document: inout JSONObject, key: String, by rules: Migration) {
        if let identity = rules.identity, let id = document[identity]?.string, !id.isEmpty,
            document[key] != .string(id)
        {
            if let old = document[key], old != .null {
                extra[key] = old
                note(key, .replacedByName)
            }
            document[key] = .string(id)
        }
        if let ending = rules.ending, let status = document["status"]?.string, ending.running.contains(status) {
            document["status"] = .string(ending.status)
            note("status", ending.change)
        }
    }

    /// Copies the time stamps that the store keeps; it refuses those that are no times in the past.
    mutating func keepTimes(of object: JSONObject, until now: Timestamp, in document: inout JSONObject) {
        for name in Resource.stamps {
            guard let value = object[name], value != .null else { continue }
            guard let time = Timestamp(value: value) else {
                document[name] = value
                continue
            }
            document[name] = JSON(time)
            if value.string == nil { note(name, .converted) }
            guard time > now, time <= now.advanced(by: .seconds(86_400)) else { continue }
            document[name] = JSON(now)
            extra[name] = JSON(time)
            note(name, .setToNow)
        }
    }

    func addExtra(to document: inout JSONObject) {
        guard !extra.isEmpty else { return }
        var members = extra
        switch document[Resource.extra] {
        case .object(let own)?: for (name, value) in own { members[name] = value }
        case nil, .null?: break
        case let value?: members[Resource.extra] = value
        }
        document[Resource.extra] = .object(members)
    }
}

extension Field {
    /// The name in the JSON that protobuf writes: `logLevel` for `log_level`.
    fileprivate var lowerCamelCaseName: String {
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    fileprivate static let nodeRefFields = nodeRefMembers.map { optional($0, .string) }

    /// The sender of a document that names no node.
    fileprivate static let emptyNodeRef = JSON.object(JSONObject(nodeRefMembers.map { ($0, JSON.null) }))
}

extension Field.Kind {
    /// Converts a value of another kind without a loss; nil if that is impossible.
    fileprivate func converted(_ value: JSON) -> JSON? {
        switch (self, value) {
        case (.string, .number), (.string, .bool), (.string, .object), (.string, .array), (.identifier, .number):
            return .string(String(decoding: value.bytes, as: UTF8.self))
        case (.number, .string(let text)), (.integer, .string(let text)):
            guard let number = try? JSON(parsing: text.utf8), case .number = number else { return .none }
            return accept(number)
        case (.bool, .string(let text)):
            switch text.lowercased() {
            case "true": return true
            case "false": return false
            default: return .none
            }
        case (.timestamp, .string(let text)):
            return Timestamp(parameter: text).map { JSON($0) }
        default:
            return .none
        }
    }
}
