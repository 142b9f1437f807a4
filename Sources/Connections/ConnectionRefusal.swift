internal import NIOCore
internal import NIOHTTP1

/// Why a connection, or a request on it, is refused before any route sees it.
package enum ConnectionRefusal: Error, Sendable, Hashable {
    /// Every connection has a request under way.
    case tooManyConnections(countMax: Int)
    /// Every connection of the client's address has a request under way.
    case tooManyConnectionsOfAddress(countMax: Int)
    /// The head took longer than its timeout, or the body came below the lowest rate.
    case tooSlow
    /// Malformed HTTP, or HTTP that two parsers may read differently.
    case malformedRequest
    /// Another version than HTTP/1.1 and 1.0.
    case unknownVersion
    case targetTooLong
    case headTooLong
    case hostMissing
    /// A `Transfer-Encoding` other than chunked.
    case transferCoding
    /// A compressed body, which no endpoint takes.
    case contentCoding
}

/// The response to a refused request, which the server provides.
package struct RefusalAnswer: Sendable {
    let statusCode: Int
    let reasonPhrase: String
    let contentType: String
    let body: [UInt8]

    package init(statusCode: Int, reasonPhrase: String, contentType: String, body: [UInt8]) {
        self.statusCode = statusCode
        self.reasonPhrase = reasonPhrase
        self.contentType = contentType
        self.body = body
    }
}

extension ConnectionRefusal {
    /// Finds why the request of this head cannot be answered, or returns nil.
    ///
    /// The decoder is strict already: two lengths, a length next to chunks, bare line feeds, folded lines and spaces
    /// before a colon are errors of its own. These are the rest.
    /// Source: RFC 9112, sections 3, 6 and 11.
    init?(flawOf head: HTTPRequestHead) {
        let coding = head.headers["transfer-encoding"]
        let length = head.headers["content-length"].first
        let encodings = head.headers[canonicalForm: "content-encoding"]
        let hostCount = head.headers["host"].count
        if head.version.minor > 1 {
            self = .unknownVersion
        } else if hostCount > 1 || head.version.minor == 1 && hostCount == 0 {
            self = .hostMissing
        } else if head.version.minor == 0, !coding.isEmpty {
            self = .malformedRequest
        } else if !coding.allSatisfy({ $0.lowercased() == "chunked" }) {
            self = .transferCoding
        } else if let length, !length.isByteCount {
            self = .malformedRequest
        } else if !encodings.allSatisfy({ $0.lowercased() == "identity" }) {
            self = .contentCoding
        } else if head.uri.utf8.count > HTTP1Limits.lineByteCountMax {
            self = .targetTooLong
        } else {
            return nil
        }
    }

    /// Translates an error of the decoder; nil for one that says nothing about the request.
    ///
    /// The decoder reports every excessive length as one of a header, so an excessive request line is recognized by its
    /// own `lineByteCount`.
    init?(decoderError error: any Error, lineByteCount: Int) {
        switch error {
        case HTTPParserError.headerOverflow:
            self = lineByteCount > HTTP1Limits.lineByteCountMax ? .targetTooLong : .headTooLong
        case HTTPParserError.invalidVersion, HTTPParserError.paused: self = .unknownVersion
        case is HTTPParserError: self = .malformedRequest
        default: return nil
        }
    }
}

extension String {
    /// Whether it is a number of bytes: digits alone, that fit 63 bits.
    fileprivate var isByteCount: Bool {
        utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } && Int64(self) != nil
    }
}
