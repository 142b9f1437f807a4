internal import Glibc
package import NIOCore

/// Parses a `multipart/form-data` body incrementally.
///
/// Shape:
///
///     --boundary CRLF
///     Content-Disposition: form-data; name="file"; filename="seed.npz" CRLF
///     CRLF
///     bytes CRLF
///     --boundary-- CRLF
///
/// It holds at most one received buffer and one set of part headers. Add bytes with ``append(_:)``, then call
/// ``next()`` until it returns nil. Source: RFC 7578 and RFC 2046, section 5.1.
package struct MultipartParser {
    /// The next element of the body.
    package enum Event: Sendable, Hashable {
        /// A part begins; its bytes follow, in any number of events.
        case part(MultipartPart)
        case bytes(ByteBuffer)
        case endOfPart
        /// The closing delimiter; what follows it is ignored.
        case end
    }

    private enum State {
        case preamble, afterDelimiter, headers, body, ended
    }

    /// Longest set of headers a part may have, in bytes.
    static let headerByteCountMax = 8 << 10

    private let delimiter: [UInt8]
    private var state = State.preamble
    private var buffer: ByteBuffer

    /// Begins a body whose parts are separated by `boundary`, as the `Content-Type` header names it.
    ///
    /// - Throws: ``MultipartError/boundary`` if it does not have 1 to 70 characters.
    package init(boundary: String) throws(MultipartError) {
        guard (1...70).contains(boundary.utf8.count) else { throw .boundary }
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter may be at the very start; a line break before it makes it like all others.
        buffer = ByteBuffer(string: "\r\n")
    }

    /// Adds received bytes, after ``next()`` has returned nil for the previous ones.
    package mutating func append(_ bytes: ByteBuffer) {
        buffer.discardReadBytes()
        buffer.writeImmutableBuffer(bytes)
    }

    /// Returns the next event, or nil if more bytes are needed.
    package mutating func next() throws(MultipartError) -> Event? {
        while true {
            switch state {
            case .preamble:
                guard readUpToDelimiter() != nil else { return nil }
            case .afterDelimiter:
                guard let event = try readDelimiterEnd() else { return nil }
                if case .end = event { return .end }
            case .headers:
                guard let part = try readHeaders() else { return nil }
                return .part(part)
            case .body:
                guard let bytes = readUpToDelimiter() else { return nil }
                if bytes.readableBytes > 0 { return .bytes(bytes) }
                if case .afterDelimiter = state { return .endOfPart }
            case .ended:
                buffer.clear()
                return nil
            }
        }
    }

    /// Whether the closing delimiter has been read.
    package var isComplete: Bool {
        if case .ended = state { true } else { false }
    }

    /// Consumes the bytes before the next delimiter.
    ///
    /// If the delimiter comes next, consumes it and returns no bytes. Returns nil if more bytes are needed.
    private mutating func readUpToDelimiter() -> ByteBuffer? {
        let index = buffer.firstIndex(of: delimiter)
        if index == 0 {
            buffer.moveReaderIndex(forwardBy: delimiter.count)
            state = .afterDelimiter
            return ByteBuffer()
        }
        let certain = index ?? max(0, buffer.readableBytes - delimiter.count + 1)
        return certain > 0 ? buffer.readSlice(length: certain) : nil
    }

    /// Reads `--` or the end of the delimiter's line.
    private mutating func readDelimiterEnd() throws(MultipartError) -> Event? {
        guard buffer.readableBytes >= 2 else { return nil }
        if buffer.readableBytesView.starts(with: "--".utf8) {
            state = .ended
            return .end
        }
        guard let end = buffer.firstIndex(of: Array("\r\n".utf8)) else {
            guard buffer.readableBytes < 128 else { throw .malformed }
            return nil
        }
        let padding = buffer.readableBytesView.prefix(end)
        guard padding.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) else { throw .malformed }
        // The line break is kept: the headers then end with two line breaks even if there are none.
        buffer.moveReaderIndex(forwardBy: end)
        state = .headers
        return .endOfPart
    }

    private mutating func readHeaders() throws(MultipartError) -> MultipartPart? {
        guard let end = buffer.firstIndex(of: Array("\r\n\r\n".utf8)) else {
            guard buffer.readableBytes < Self.headerByteCountMax else { throw .malformed }
            return nil
        }
        guard end < Self.headerByteCountMax else { throw .malformed }
        let headers = buffer.readString(length: end) ?? ""
        buffer.moveReaderIndex(forwardBy: 4)
        state = .body
        guard let part = MultipartPart(headers: headers) else { throw .malformed }
        return part
    }
}

/// A malformed multipart body.
package enum MultipartError: Error, Sendable, Hashable {
    /// No boundary in the `Content-Type`, or one whose length RFC 2046 forbids.
    case boundary
    /// A delimiter line or part headers that violate RFC 7578.
    case malformed
    /// The body ended before its closing delimiter.
    case truncated
}

extension ByteBuffer {
    /// Returns the number of readable bytes before the first occurrence of `needle`.
    fileprivate func firstIndex(of needle: [UInt8]) -> Int? {
        withUnsafeReadableBytes { hay in
            var start = 0
            while hay.count - start >= needle.count, let base = hay.baseAddress {
                // A delimiter begins with a line break, so memchr skips most bytes.
                let candidates = hay.count - start - needle.count + 1
                guard let found = memchr(base + start, Int32(needle[0]), candidates) else { return nil }
                start = UnsafeRawPointer(found) - base
                if hay[start..<start + needle.count].elementsEqual(needle) { return start }
                start += 1
            }
            return nil
        }
    }
}
