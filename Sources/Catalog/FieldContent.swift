internal import JSON

/// What the documents of a resource can have at a path.
enum FieldContent {
    case value(Field.Kind)
    /// The role of a sender or receiver.
    case role
    /// An object, which equals no value.
    case object
    /// Any value, such as below a field of JSON.
    case anything
    /// No document has such a field.
    case nothing
}

extension Resource {
    /// Whether a condition of this name compares times.
    package func isTime(_ name: String) -> Bool {
        if case .value(.timestamp) = content(at: path(name)) { true } else { false }
    }

    /// What the table of fields declares at a path.
    func content(at path: FieldPath) -> FieldContent {
        let components = path.components
        guard let first = components.first else { return .nothing }
        let rest = components.dropFirst()
        if Self.stamps.contains(first) { return rest.isEmpty ? .value(.timestamp) : .nothing }
        if let field = fields.first(where: { $0.name == first }) { return field.content(at: rest) }
        return first == Self.extra ? .anything : .nothing
    }
}

extension Field {
    fileprivate func content(at path: ArraySlice<String>) -> FieldContent {
        guard let member = path.first else {
            switch kind {
            case .json: return .anything
            case .object, .nodeRef: return .object
            case .identifier, .string, .number, .integer, .bool, .timestamp: return .value(kind)
            }
        }
        switch kind {
        case .json: return .anything
        case .object where members.isEmpty: return .anything
        case .object: return members.first { $0.name == member }?.content(at: path.dropFirst()) ?? .nothing
        case .nodeRef:
            guard path.count == 1, Self.nodeRefMembers.contains(member) else { return .nothing }
            return member == "role" ? .role : .value(.string)
        case .identifier, .string, .number, .integer, .bool, .timestamp: return .nothing
        }
    }
}

extension FieldContent {
    /// Whether a document can have the value that a client wrote; errors of times are reported elsewhere.
    func canBe(_ text: String) -> Bool {
        switch self {
        case .value(.number), .value(.integer):
            (try? JSON(parsing: text.utf8))?.number?.text == text || text.lowercased() == "null"
        case .value(.bool): ["true", "false", "null"].contains(text.lowercased())
        case .object: text.lowercased() == "null"
        case .value, .role, .anything, .nothing: true
        }
    }

    /// The warning about a value that no document can have.
    func misfit(_ text: String, of name: String) -> String {
        switch self {
        case .value(let kind): "\(name.quoted) can match only \(kind.phrase) or null, not \(text.quoted)"
        case .role, .object, .anything, .nothing:
            "\(name.quoted) names an object, which can match only null; name a member with a dot"
        }
    }
}
