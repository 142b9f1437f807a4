import NIOCore
import Testing

@testable import API

struct MultipartParserTests {
    static let body = [
        "preamble to be ignored\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"helper\"\r\n\r\nnumpyhelper\r\n",
        "--b  \r\ncontent-type: application/octet-stream\r\n",
        "content-disposition: form-data; name=file; filename=\"a \\\"b\\\".npz\"\r\n\r\n",
        "\r\n--b-is not the end\r\n--\r\n-\r\n--b\r\n",
        "Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--b--\r\nepilogue",
    ].joined()

    /// Returns the events of a body, with the bytes of each part joined.
    private func read(_ pieces: [Substring]) throws -> [String] {
        var parser = try MultipartParser(boundary: "b")
        var events: [String] = []
        for piece in pieces {
            parser.append(ByteBuffer(substring: piece))
            while let event = try parser.next() {
                switch event {
                case .part(let part): events.append("\(part.name):\(part.fileName ?? "-"):")
                case .bytes(let bytes): events[events.count - 1] += String(buffer: bytes)
                case .endOfPart: break
                case .end: events.append("end")
                }
            }
        }
        return events
    }

    static let expected = [
        "helper:-:numpyhelper", "file:a \"b\".npz:\r\n--b-is not the end\r\n--\r\n-", "empty:-:", "end",
    ]

    @Test func bodyIsParsed() throws {
        // `--b-…` begins with the delimiter: RFC 2046 forbids such content, and clients choose another boundary.
        let body = Self.body.replacing("\r\n--b-is", with: "\r\n--c-is")
        let expected = Self.expected.map { $0.replacing("--b-is", with: "--c-is") }
        #expect(try read([body[...]]) == expected)
    }

    @Test func resultIsIndependentOfTheSplit() throws {
        let body = Self.body.replacing("\r\n--b-is", with: "\r\n--c-is")
        let whole = try read([body[...]])
        let bytes = Array(body.utf8)
        for split in bytes.indices {
            let halves = [bytes[..<split], bytes[split...]].map { String(decoding: $0, as: UTF8.self)[...] }
            #expect(try read(halves) == whole, "split at \(split)")
        }
        #expect(try read(bytes.map { String(decoding: [$0], as: UTF8.self)[...] }) == whole)
    }

    @Test func closingDelimiterCompletesTheBody() throws {
        let bytes = Array(Self.body.replacing("\r\n--b-is", with: "\r\n--c-is").utf8)
        let end = bytes.count - "\r\nepilogue".utf8.count
        for length in bytes.indices {
            var parser = try MultipartParser(boundary: "b")
            parser.append(ByteBuffer(bytes: bytes[..<length]))
            while try parser.next() != nil {}
            #expect(parser.isComplete == (length >= end), "\(length) bytes")
        }
    }

    @Test func memoryIsBoundedByTheReceivedBytes() throws {
        var parser = try MultipartParser(boundary: "b")
        parser.append(ByteBuffer(string: "--b\r\nContent-Disposition: form-data; name=f\r\n\r\n"))
        while try parser.next() != nil {}
        var byteCount = 0
        for _ in 0..<100 {
            parser.append(ByteBuffer(repeating: 0x0d, count: 10_000))
            while let event = try parser.next() {
                if case .bytes(let bytes) = event { byteCount += bytes.readableBytes }
            }
        }
        #expect(byteCount > 999_990)
    }

    @Test(
        arguments: [
            "--b and more\r\n\r\n",
            "--b\r\nContent-Disposition: form-data\r\n\r\n",
            "--b\r\nX: y\r\n\r\n",
            "--b\r\n" + String(repeating: "X: y\r\n", count: 3000),
            "--b" + String(repeating: " ", count: 200),
        ]
    )
    func malformedBodyIsRefused(_ body: String) throws {
        var parser = try MultipartParser(boundary: "b")
        parser.append(ByteBuffer(string: body))
        #expect(throws: MultipartError.malformed) {
            while try parser.next() != nil {}
        }
    }

    @Test(arguments: ["", String(repeating: "x", count: 71)])
    func boundaryOfInvalidLengthIsRefused(_ boundary: String) {
        #expect(throws: MultipartError.boundary) { try MultipartParser(boundary: boundary) }
    }
}
