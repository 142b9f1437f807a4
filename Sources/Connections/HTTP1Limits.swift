/// How long the parts of an HTTP/1 request may be, and how much of what arrives is decoded at a time.
package enum HTTP1Limits {
    /// Longest request line or header line, in bytes.
    package static let lineByteCountMax = 16 << 10
    /// All header lines of a request together, in bytes.
    package static let headByteCountMax = 64 << 10
    /// Header lines of a request.
    package static let headerCountMax = 100
    /// Framing of a chunked body: this many bytes, and eight for each byte of content.
    static let framingByteCountMax = 64 << 10
    /// Requests of a connection that may wait for their answers; the rest waits to be decoded.
    static let unansweredCountMax = 8
    /// How much of a head is decoded at a time.
    static let portionByteCount = 1 << 10
    /// How much of a body of undeclared length is decoded at a time.
    static let chunkedPortionByteCount = 64 << 10
}
