/// How much one connection may ask for, how long it may take, and how many there may be.
///
/// A limit is here so that a client that breaks it harms itself alone: what it holds is bounded, and given back.
package struct ConnectionLimits: Sendable {
    /// Connections at once.
    ///
    /// One more takes the place of the one that has been idle longest; where all have a request under way it is answered
    /// 503.
    package var countMax = 1024
    /// Connections of one address at once, in the same way; nil for no such limit: behind a proxy all clients share one.
    package var countPerAddressMax: Int?
    /// How long a connection may wait for its next request.
    package var idleTimeout: Duration = .seconds(60)
    /// How long the head of a request may take, from its first byte to its last.
    package var headTimeout: Duration = .seconds(30)
    /// The time over which the speed of a transfer is measured, while the server waits for the client.
    package var stallTimeout: Duration = .seconds(60)
    /// How many bytes a second have to arrive of a body, or be taken of a response, on the average of that time.
    package var byteRateMin = 512

    /// Longest request line or header line, in bytes.
    static let lineByteCountMax = 16 << 10
    /// All header lines of a request together, in bytes.
    static let headByteCountMax = 64 << 10
    static let headerCountMax = 100
    /// What the framing of a chunked body may take beside its content: this, and eight bytes for each byte of content.
    static let framingByteCountMax = 64 << 10
    /// Requests of a connection that may wait for their answers; what follows waits to be decoded.
    static let unansweredCountMax = 8
    /// How much of what has arrived is decoded at a time, but for content.
    static let portionByteCount = 1 << 10
    /// The same amid a body whose length nobody has declared.
    static let chunkedPortionByteCount = 64 << 10
    /// Connections over the limit that are told so; more of them are closed without a word.
    static let refusedCountMax = 64

    package init() {}

    /// The fewest bytes that have to move in ``stallTimeout``.
    var stallByteCountMin: Int { byteRateMin * Int(stallTimeout / .milliseconds(100)) / 10 }
}
