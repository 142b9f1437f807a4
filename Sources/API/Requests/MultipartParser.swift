internal import Glibc
package import NIOCore

/// A `multipart/form-data` body, taken apart as it arrives.
///
/// Shape:
///
///     --boundary CRLF
///     Content-Disposition: form-data; name="file"; filename="seed.npz" CRLF
///     CRLF
///     bytes CRLF
///     --boundary-- CRLF
///
/// It holds at most one received buffer and one set of part headers. Bytes go in with ``append(_:)``; ``next()``
/// gives what can be told from them so far.
/// Source: RFC 7578 and RFC 2046, section 5.1.
package struct MultipartParser {
    /// What comes next in the body.
    package enum Event: Sendable, Hashable {
        /// A part begins; its bytes follow, in as many events as they arrived in.
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
    private var appendedByteCount = 0

    /// Begins a body whose parts are separated by `boundary`, as the `Content-Type` header names it.
    ///
    /// - Throws: ``MultipartError/boundary`` where it has not 1 to 70 characters.
    package init(boundary: String) throws(MultipartError) {
        guard (1...70).contains(boundary.utf8.count) else { throw .boundary }
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter may stand at the very start; with a line break before it, it looks like all others.
        buffer = ByteBuffer(string: "\r\n")
    }

    /// Adds what arrived, once ``next()`` has returned nil for what arrived before.
    package mutating func append(_ bytes: ByteBuffer) {
        appendedByteCount += bytes.readableBytes
        buffer.discardReadBytes()
        buffer.writeImmutableBuffer(bytes)
    }

    /// Returns the next event, or nil where more bytes are needed to tell.
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

    /// How many bytes of the body the events so far stand for.
    package var consumedByteCount: Int { appendedByteCount - buffer.readableBytes }

    /// Bytes of the closing delimiter, with the line break every known client writes after it.
    package var closingByteCount: Int { delimiter.count + 4 }

    /// Whether the closing delimiter has been read.
    package var isComplete: Bool {
        if case .ended = state { true } else { false }
    }

    /// Takes the bytes before the next delimiter.
    ///
    /// Where that is the very next thing, takes the delimiter and returns no bytes. Nil means that nothing is certain
    /// before more bytes arrive.
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
        // The line break stays: a part without headers then still ends them with two.
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

/// A multipart body that cannot be read.
package enum MultipartError: Error, Sendable, Hashable {
    /// No boundary in the `Content-Type`, or one of a length RFC 2046 forbids.
    case boundary
    /// A delimiter line or part headers that are not what RFC 7578 says.
    case malformed
    /// The body ended before its closing delimiter.
    case truncated
}

extension ByteBuffer {
    /// How many readable bytes stand before the first occurrence of `needle`.
    fileprivate func firstIndex(of needle: [UInt8]) -> Int? {
        withUnsafeReadableBytes { hay in
            var start = 0
            while hay.count - start >= needle.count, let base = hay.baseAddress {
                // Only a line break begins a delimiter, so nearly everything is skipped at the speed of memchr.
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
