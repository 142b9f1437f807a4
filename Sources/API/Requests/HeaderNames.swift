internal import HTTPTypes

extension HTTPField.Name {
    static let chunkChecksum = known("X-Chunk-Checksum")
    static let chunkIndex = known("X-Chunk-Index")
    static let forwardedProto = known("X-Forwarded-Proto")
    static let limit = known("X-Limit")
    static let reverse = known("X-Reverse")
    static let serverTiming = known("Server-Timing")
    /// Reports that documents may be missing from a list or count, with the number of damaged places of the collection.
    static let ledgeDamage = known("Ledge-Damage")
    static let skip = known("X-Skip")
    static let sortKey = known("X-Sort-Key")
    static let sortOrder = known("X-Sort-Order")

    private static func known(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is not a header name") }
        return name
    }
}
