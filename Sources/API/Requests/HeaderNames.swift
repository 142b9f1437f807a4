internal import HTTPTypes
internal import HummingbirdCore
internal import JSON

extension HTTPField.Name {
    static let allowPrivateNetwork = known("Access-Control-Allow-Private-Network")
    static let chunkChecksum = known("X-Chunk-Checksum")
    static let chunkIndex = known("X-Chunk-Index")
    static let fetchSite = known("Sec-Fetch-Site")
    static let forwardedFor = known("X-Forwarded-For")
    static let forwardedProto = known("X-Forwarded-Proto")
    static let limit = known("X-Limit")
    static let requestPrivateNetwork = known("Access-Control-Request-Private-Network")
    static let reverse = known("X-Reverse")
    static let serverTiming = known("Server-Timing")
    /// Reports that documents may be missing from a list or count, with the number of damaged places of the collection.
    static let ledgeDamage = known("Ledge-Damage")
    /// Reports that the newest record of the collection is later than the server's clock, and by how much.
    static let ledgeClock = known("Ledge-Clock")
    /// Names conditions that are probably mistakes: unknown fields and operators, values that no document can have.
    static let ledgeWarning = known("Ledge-Warning")
    static let skip = known("X-Skip")
    static let sortKey = known("X-Sort-Key")
    static let sortOrder = known("X-Sort-Order")

    /// The response headers that a page of an allowed origin may read, besides those that every page may.
    static let readByPages: [HTTPField.Name] = [
        .acceptRanges, .allow, .contentDisposition, .contentRange, .eTag, .ledgeClock, .ledgeDamage, .ledgeWarning,
        .serverTiming, .wwwAuthenticate,
    ]

    private static func known(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is not a header name") }
        return name
    }
}

extension Request {
    /// Whether the client called a proxy over TLS, as the first of the proxies reports.
    var cameOverTLS: Bool {
        headers[.forwardedProto]?.prefix { $0 != "," }.trimmingSpaces.lowercased() == "https"
    }
}
