/// Why a body is not a document of a resource; the sentence for the client is made in `API`.
package enum ValidationError: Error, Sendable, Hashable {
    /// The body is JSON, but no object.
    case notAnObject
    /// A member the resource does not have, by its path: `x` or `sender.x`.
    case unknownField(String)
    /// A required field has no value, and nothing it could be taken from has one.
    case missingField(String)
    /// A field that is what it is once the document exists.
    case immutableField(String)
    /// A field that must be `HOST` or `HOST:PORT`.
    case notAHostName(String)
    case wrongKind(field: String, expected: Field.Kind)
    /// A sender that names neither a client nor a combiner.
    case unresolvableSender(field: String)
}
