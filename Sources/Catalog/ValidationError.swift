internal import JSON

/// Why a body, or a field of it, is not valid.
package enum ValidationError: Error, Sendable, Hashable {
    /// The body is JSON, but no object.
    case notAnObject
    /// A member the resource does not have, by its path: `x` or `sender.x`.
    case unknownField(String)
    /// A required field has no value, and nothing it could be taken from has one.
    case missingField(String)
    /// A field that cannot change once the document exists.
    case immutableField(String)
    /// A field that must be `HOST` or `HOST:PORT`.
    case notAHostName(String)
    case wrongKind(field: String, expected: Field.Kind)
    /// A condition or parameter whose value must be a time; `value` is what the client sent.
    case notATime(field: String, value: String)
    /// A field whose value breaks a rule of its own; `expected` continues the message after "must be".
    case malformedField(String, expected: String)
    /// An id that no path can name, because its place in a path has another meaning.
    case reservedID(field: String, id: String)
    /// A sender that names neither a client nor a combiner.
    case unresolvableSender(field: String)
}

extension ValidationError {
    /// The message for clients and operators.
    package var message: String {
        switch self {
        case .notAnObject: "Invalid object: the body must be a JSON object"
        case .unknownField(let name): "Invalid object: unknown field '\(name)'"
        case .missingField(let name): "missing field '\(name)'"
        case .immutableField(let name): "field '\(name)' cannot be changed"
        case .notAHostName(let name): "field '\(name)' must be a host name, or one with a port: edge.example.com:443"
        case .wrongKind(let name, let expected): "field '\(name)' must be \(expected.phrase)"
        case .notATime(let name, let value):
            "\(name.quoted) must be a time, not \(value.quoted); write \(Timestamp.accepted). In a URL, + is %2B."
        case .malformedField(let name, let expected): "field '\(name)' must be \(expected)"
        case .reservedID(let name, let id):
            "field '\(name)' must not be '\(id)', which has another meaning in the paths of this API"
        case .unresolvableSender(let name): "field '\(name)' must have a client_id or a combiner_id"
        }
    }
}

extension Field.Kind {
    /// The description of this kind in messages.
    var phrase: String {
        switch self {
        case .identifier: "a string of 1 to 256 bytes"
        case .string: "a string"
        case .number: "a number"
        case .integer: "an integer"
        case .bool: "true or false"
        case .timestamp: "a timestamp such as 2026-11-23T19:16:04Z"
        case .json: "JSON"
        case .object, .nodeRef: "an object"
        }
    }
}
