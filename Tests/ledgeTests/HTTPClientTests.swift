import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import ledge

/// The client with servers that violate the protocol.
struct HTTPClientTests {
    private let request = HTTPRequest(method: .GET, path: "/x")

    @Test func chunkedResponseIsJoined() async throws {
        let reply = try await reply(
            to: request,
            saying: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        )
        #expect(reply.status == 200)
        #expect(String(decoding: reply.body, as: UTF8.self) == "abc")
    }

    @Test func truncatedResponseIsALostConnection() async throws {
        // The reason depends on whether the request was completely written.
        let failure = await #expect(throws: HTTPFailure.self) {
            try await reply(to: request, saying: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", closing: true)
        }
        guard case .connectionLost = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func nonHTTPResponseIsMalformed() async throws {
        let failure = await #expect(throws: HTTPFailure.self) {
            try await reply(to: request, saying: "SSH-2.0-x\r\n\r\n")
        }
        guard case .malformedReply = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func endlessResponseIsMalformed() async throws {
        let body = String(repeating: "a", count: 2 << 20)
        await #expect(throws: HTTPFailure.malformedReply("more than 1048576 bytes")) {
            try await reply(to: request, saying: "HTTP/1.1 200 OK\r\nContent-Length: 2097152\r\n\r\n" + body)
        }
    }

    @Test func silentServerIsStalled() async throws {
        let limit = Duration.milliseconds(50)
        await #expect(throws: HTTPFailure.stalled(limit)) { try await reply(to: request, saying: "", limit: limit) }
    }

    @Test func connectionIsReused() async throws {
        let server = try await FixedReplyServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", closing: false)
        let client = HTTPClient(server: try server.url)
        for _ in 0..<3 { #expect(try await client.send(request).status == 200) }
        #expect(server.connectionCount == 1)
        try await server.close()
    }

    @Test func connectionIsClosedAfterAnError() async throws {
        let server = try await FixedReplyServer("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", closing: false)
        let client = HTTPClient(server: try server.url)
        for _ in 0..<2 { #expect(try await client.send(request).status == 413) }
        #expect(server.connectionCount == 2)
        try await server.close()
    }

    private func reply(
        to request: HTTPRequest,
        saying text: String,
        closing: Bool = false,
        limit: Duration = .seconds(60)
    ) async throws -> HTTPReply {
        let server = try await FixedReplyServer(text, closing: closing)
        let client = HTTPClient(server: try server.url, stallTimeout: limit)
        do {
            let reply = try await client.send(request)
            try await server.close()
            return reply
        } catch {
            try await server.close()
            throw error
        }
    }
}
