import Connections
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import NIOCore
import ServiceLifecycleTestKit
import Testing

@testable import API

/// Behaviour that needs a real socket; a connection that is not closed makes a test time out.
@Suite(.timeLimit(.minutes(60)))
struct LiveTests {
    private static func head(_ path: String, _ fields: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\r\n"
    }

    @Test func oversizedBodyIsAnsweredBeforeItIsSent() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answer = try await RawConnection.connected(to: port) { connection in
                try await connection.send(Self.head("/api/v1/telemetry", "Content-Length: 2147483648"))
                let answer = try await connection.receive(until: "}")
                // The client may continue to send: its bytes are dropped, and no reset destroys the response.
                for _ in 0..<64 { try await connection.send(0x20, count: 1 << 20) }
                return answer
            }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.contains(#"{"message":"The request body is longer than 1048576 bytes"}"#))
            #expect(answer.lowercased().contains("connection: close"))
            #expect(try await client.ask(.get, "/health").status == 200)
        }
    }

    @Test func oversizedBodyOfUnknownLengthIsRefused() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answer = try await RawConnection.connected(to: port) { connection in
                try await connection.send(Self.head("/api/v1/telemetry", "Transfer-Encoding: chunked"))
                for _ in 0..<17 {
                    try await connection.send("10000\r\n")
                    try await connection.send(0x20, count: 0x10000)
                    try await connection.send("\r\n")
                }
                try await connection.send("0\r\n\r\n")
                return try await connection.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func connectionIsClosedAfterAnOversizedBody() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answer = try await RawConnection.connected(to: port) { connection in
                try await connection.send(Self.head("/api/v1/telemetry", "Content-Length: 3000000"))
                try await connection.send(0x20, count: 3_000_000)
                return try await connection.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func connectionStaysUsableAfterARefusedBody() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answers = try await RawConnection.connected(to: port) { connection in
                try await connection.send(Self.head("/api/v1/nonsense", "Content-Length: 500000"))
                try await connection.send(0x20, count: 500_000)
                try await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return try await connection.receiveAll()
            }
            #expect(answers.hasPrefix("HTTP/1.1 404 "))
            #expect(answers.contains("HTTP/1.1 200 "))
        }
    }

    /// `curl` waits a second for it with every body over 1 MB.
    @Test func waitingClientReceivesContinue() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answers = try await RawConnection.connected(to: port) { connection in
                let body = #"{"key":"k","client_id":"c"}"#
                let fields = "Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\nConnection: close"
                try await connection.send(Self.head("/api/v1/telemetry", fields))
                let signal = try await connection.receive(until: "\r\n\r\n")
                try await connection.send(body)
                return [signal, try await connection.receiveAll()]
            }
            #expect(answers[0] == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(answers[1].hasPrefix("HTTP/1.1 201 "))
        }
    }

    /// A client that waits for the signal sends no body that is refused because of its head.
    @Test(arguments: [
        ("/api/v1/telemetry", "Content-Length: 9000000", "413"), ("/nope", "Content-Length: 9", "404"),
        ("/health", "Content-Length: 9", "405"), ("/api/v1/metrics", "Content-Length: 9", "405"),
        ("/api/v1/file-upload/x/chunk", "Content-Length: 9\r\nX-Chunk-Index: 0", "404"),
        ("/api/v1/telemetry", "Content-Length: 9\r\nOrigin: http://evil.example", "403"),
    ])
    func refusedHeadGetsNoSignalToContinue(_ path: String, _ fields: String, _ status: String) async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answer = try await RawConnection.connected(to: port) { connection in
                try await connection.send(Self.head(path, fields + "\r\nExpect: 100-continue"))
                return try await connection.receive(until: "}")
            }
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    /// A connection that is silent for ever, as after a change of networks, does not hold the upload.
    @Test func chunkOfASilentConnectionIsSentAgain() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let bytes = UploadRouteTests.noise(900_000)
            let id = try await UploadRouteTests.begin(client, bytes.count)
            let first = Array(bytes[..<300_000])
            _ = try await UploadRouteTests.send(client, id, 0, first)
            let refusal = try await RawConnection.connected(to: port) { silent in
                let fields = "X-Chunk-Index: 1\r\nContent-Length: 600000"
                try await silent.send(Self.head("/api/v1/file-upload/\(id)/chunk", fields))
                try await silent.send(0x61, count: 400_000)
                // The chunk is arriving as soon as no other one is accepted.
                while try await UploadRouteTests.send(client, id, 0, first).status == 200 {}
                let again = try await UploadRouteTests.send(client, id, 1, Array(bytes[300_000...]))
                #expect(again.status == 200)
                #expect(try again.json[path: "bytes_received"] == 900_000)
                try await silent.send(0x61, count: 1)
                return try await silent.receive(until: "}")
            }
            #expect(refusal.hasPrefix("HTTP/1.1 409 "))
            #expect(refusal.contains("A newer request for this upload has replaced this one"))
            let token = try await UploadRouteTests.complete(client, id).json[path: "file_token"] ?? .null
            let model: JSON = ["file_token": token, "model_id": "m", "helper": "binaryhelper"]
            #expect(try await client.ask(.post, "/api/v1/models", model).status == 200)
            #expect(try await client.ask(.get, "/api/v1/models/m/download").content == Content(bytes))
        }
    }

    @Test func abortedChunkDoesNotCount() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let bytes = UploadRouteTests.noise(700_000)
            let id = try await UploadRouteTests.begin(client, bytes.count)
            try await RawConnection.connected(to: port) { connection in
                let fields = "X-Chunk-Index: 0\r\nContent-Length: 700000"
                try await connection.send(Self.head("/api/v1/file-upload/\(id)/chunk", fields))
                try await connection.send(0x61, count: 350_000)
            }
            // Until the server notices, the upload is busy.
            var answer = try await UploadRouteTests.send(client, id, 0, bytes)
            for _ in 0..<10_000 where answer.status == 409 {
                answer = try await UploadRouteTests.send(client, id, 0, bytes)
            }
            #expect(answer.status == 200)
            #expect(try answer.json[path: "bytes_received"] == 700_000)
            let token = try await UploadRouteTests.complete(client, id).json[path: "file_token"] ?? .null
            let model = try await client.ask(
                .post,
                "/api/v1/models",
                ["file_token": token, "model_id": "m", "helper": "binaryhelper"]
            )
            #expect(model.status == 200)
            #expect(try await client.ask(.get, "/api/v1/models/m/download").content == Content(bytes))
        }
    }

    @Test func abortedDocumentIsNotStored() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            try await RawConnection.connected(to: port) { connection in
                try await connection.send(Self.head("/api/v1/telemetry", "Content-Length: 100"))
                try await connection.send(#"{"key":"k","client_id":"c"}"#)
            }
            #expect(try await client.ask(.get, "/api/v1/telemetry/count").text == "0")
        }
    }

    @Test func largeFileIsDownloadedOverASocket() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let bytes = UploadRouteTests.noise(1_500_000)
            let token = try await UploadRouteTests.upload(client, bytes, chunk: 900 << 10)
            let body: JSON = ["file_token": .string(token), "helper": "binaryhelper", "model_id": "m"]
            #expect(try await client.ask(.post, "/api/v1/models/", body).status == 200)
            #expect(try await client.ask(.get, "/api/v1/models/m/download").content == Content(bytes))
            let headers = ["Range": "bytes=100000-1399999"]
            let part = try await client.ask(.get, "/api/v1/models/m/download", headers: headers)
            #expect(part.status == 206)
            #expect(part.content == Content(bytes[100_000..<1_400_000]))
        }
    }

    @Test func serverRunsUntilItsSignal() async throws {
        var options = ServerOptions()
        options.port = 0
        options.shutdownTimeout = .seconds(1)
        let fixture = try ServerFixture(options: options)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let port = try await testGracefulShutdown { shutdown in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await fixture.server.run { _, port in continuation.yield(port) } }
                let port = try #require(await ports.first { _ in true })
                #expect(port > 0)
                let answer = try await RawConnection.connected(to: port) { connection in
                    try await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    return try await connection.receive(until: "}")
                }
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                shutdown.triggerGracefulShutdown()
                try await group.waitForAll()
                return port
            }
        }
        await #expect(throws: (any Error).self) { try await RawConnection.connected(to: port) { _ in } }
    }
}
