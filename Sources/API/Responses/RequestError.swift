/// Why a request was refused before any other room saw it.
package enum RequestError: Error, Sendable, Hashable {
    // The connection, before there is a request.
    /// Every connection has a request under way.
    case tooManyConnections(countMax: Int)
    case tooManyConnectionsOfAddress(countMax: Int)
    /// The head, or a part of the body, took longer than anyone waits.
    case tooSlow
    /// Bytes that are no request, or that two readers could take for different ones.
    case malformedRequest
    /// Another version than HTTP/1.1 and 1.0.
    case unknownVersion
    case targetTooLong
    case headTooLong
    case hostMissing
    /// The body comes in another way than by length or in chunks.
    case transferCoding
    /// The body is compressed, which no endpoint takes.
    case contentCoding

    // Routing.
    case noSuchRoute
    /// The path is known, with these methods only.
    case methodNotAllowed(allowed: [String])
    /// The path takes many documents, one on each line, and this body is none of that.
    case linesOnly(allowed: [String])

    // Access.
    /// A good token of a role that may not do this.
    case insufficientRole(String)
    /// The server asks for no tokens, and so makes none.
    case authenticationOff
    /// No login of that id is waiting.
    case unknownLogin

    // The head.
    case missingHeader(String)
    case malformedHeader(String, expected: String)

    // The body.
    /// Longer than the server reads into memory. The rest of it is dropped and the connection closed.
    case bodyTooLarge(byteCountMax: Int)
    /// The bodies that are arriving take all the memory there is for them; smaller ones are still taken.
    case tooManyBodies
    /// The connection ended before the body did.
    case bodyTruncated
    case missingField(String)
    case clientIDsNotText
    /// More conditions than a query is worth.
    case tooManyConditions(countMax: Int)
    case malformedField(String, expected: String)
    /// A name with a path in it, or with characters no name on a screen should have.
    case unsafeFileName
    /// A range that starts behind the end of a file of this size.
    case rangeNotSatisfiable(byteCount: Int64)
    case unknownHelper
    /// There is no package of that name, or none is active.
    case noPackage
    case noCombiner
    case unknownCombiner(String)
    /// A client of another major version than this server speaks to.
    case incompatibleVersion(String)
    /// A sender nobody knows, as `client <id>`.
    case unknownSender(String)
}
