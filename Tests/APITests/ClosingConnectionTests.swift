import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import NIOCore
import Testing

@testable import API

/// A connection that is closed after a response is closed after the whole response, even if the client reads slowly.
@Suite(.timeLimit(.minutes(60)))
struct ClosingConnectionTests {
    enum End: CaseIterable {
        case connectionClose, http10, halfClosed
    }

    private static let byteCount = 8 << 20

    @Test func largeAnswerIsComplete() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let bytes = [UInt8](repeating: 0x61, count: Self.byteCount)
            let token = try await UploadRouteTests.upload(client, bytes, chunk: 4 << 20)
            let body: JSON = ["file_token": .string(token), "helper": "binaryhelper", "model_id": "m"]
            #expect(try await client.ask(.post, "/api/v1/models/", body).status == 200)
            for end in End.allCases {
                for isSlow in [false, true] {
                    let byteCount = try await Self.download(port, end, isSlow: isSlow)
                    #expect(byteCount > Self.byteCount, "\(end), slow: \(isSlow)")
                }
            }
        }
    }

    /// Returns how many bytes arrive, headers included.
    private static func download(_ port: Int, _ end: End, isSlow: Bool) async throws -> Int {
        try await RawConnection.connected(to: port, receiveByteCount: isSlow ? 4096 : nil) { connection in
            let version = end == .http10 ? "1.0" : "1.1"
            let field = end == .connectionClose ? "Connection: close\r\n" : ""
            let head = "GET /api/v1/models/m/download HTTP/\(version)\r\nHost: localhost\r\n\(field)\r\n"
            try await connection.send(head)
            if end == .halfClosed { connection.finish() }
            // The server fills its buffers before the client reads.
            if isSlow { try await Task.sleep(for: .milliseconds(300)) }
            return try await connection.countAll()
        }
    }

    /// The client sends more after the last request, which must not reset the connection during the response.
    @Test func bytesAfterTheLastRequestLeaveTheAnswerComplete() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answer = try await RawConnection.connected(to: port) { connection in
                // In one write: the server cannot have read the request without some of the bytes after it.
                try await connection.send("GET /health HTTP/1.0\r\n\r\n" + String(repeating: " ", count: 1 << 20))
                connection.finish()
                return try await connection.receiveAll()
            }
            #expect(answer.hasSuffix(#"{"status":"ok"}"#))
        }
    }

    /// The rest of a refused body is read although the server has closed its output.
    @Test func refusedBodyOfALastRequestIsReadToItsEnd() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answer = try await RawConnection.connected(to: port) { connection in
                let fields = "Content-Length: 30000000\r\nConnection: close"
                try await connection.send("POST /api/v1/telemetry HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\r\n")
                let answer = try await connection.receive(until: "}")
                for _ in 0..<30 { try await connection.send(0x20, count: 1_000_000) }
                return answer
            }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }
}
