/// Why a request was refused before any other room saw it.
package enum RequestError: Error, Sendable, Hashable {
    // Routing.
    case noSuchRoute
    /// The path is known, with these methods only.
    case methodNotAllowed(allowed: [String])

    // The head.
    case missingHeader(String)
    case malformedHeader(String, expected: String)

    // The body.
    /// Longer than the server reads into memory. The rest of it is dropped and the connection closed.
    case bodyTooLarge(byteCountMax: Int)
    /// The connection ended before the body did.
    case bodyTruncated
    case missingField(String)
    case malformedField(String, expected: String)
    /// A name with a path in it, or with characters no name on a screen should have.
    case unsafeFileName
    /// A range that starts behind the end of a file of this size.
    case rangeNotSatisfiable(byteCount: Int64)
    case unknownHelper
}
