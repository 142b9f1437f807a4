import Connections
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import NIOCore
import ServiceLifecycleTestKit
import Testing

@testable import API

/// What only a socket shows; a connection that is left open shows as a test that never ends.
@Suite(.timeLimit(.minutes(10)))
struct LiveTests {
    /// A site whose connections nobody closes for being idle.
    private static func site() throws -> Site {
        var options = ServerOptions()
        options.connections.idleTimeout = .seconds(3600)
        return try Site(options: options)
    }

    private static func head(_ path: String, _ fields: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\r\n"
    }

    @Test func aBodyOfTwoGigabytesIsAnsweredBeforeItIsSent() async throws {
        try await Self.site().run(.live) { visitor async throws in
            let port = try #require(visitor.client.port)
            let answer = try await Wire.connected(to: port) { wire in
                try await wire.send(Self.head("/api/v1/telemetry", "Content-Length: 2147483648"))
                let answer = try await wire.receive(until: "}")
                // The client may go on: its bytes are dropped, and no reset destroys the answer.
                for _ in 0..<64 { try await wire.send(0x20, count: 1 << 20) }
                return answer
            }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.contains(#"{"message":"The request body is longer than 1048576 bytes"}"#))
            #expect(answer.lowercased().contains("connection: close"))
            #expect(try await visitor.ask(.get, "/health").status == 200)
        }
    }

    @Test func aBodyOfUnknownLengthIsCutOff() async throws {
        try await Self.site().run(.live) { visitor async throws in
            let port = try #require(visitor.client.port)
            let answer = try await Wire.connected(to: port) { wire in
                try await wire.send(Self.head("/api/v1/telemetry", "Transfer-Encoding: chunked"))
                for _ in 0..<17 {
                    try await wire.send("10000\r\n")
                    try await wire.send(0x20, count: 0x10000)
                    try await wire.send("\r\n")
                }
                try await wire.send("0\r\n\r\n")
                return try await wire.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func aConnectionIsClosedAfterTheRestOfAnOversizedBody() async throws {
        try await Self.site().run(.live) { visitor async throws in
            let port = try #require(visitor.client.port)
            let answer = try await Wire.connected(to: port) { wire in
                try await wire.send(Self.head("/api/v1/telemetry", "Content-Length: 3000000"))
                try await wire.send(0x20, count: 3_000_000)
                return try await wire.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func aRefusedBodyLeavesTheConnectionUsable() async throws {
        try await Self.site().run(.live) { visitor async throws in
            let port = try #require(visitor.client.port)
            let answers = try await Wire.connected(to: port) { wire in
                try await wire.send(Self.head("/api/v1/nonsense", "Content-Length: 500000"))
                try await wire.send(0x20, count: 500_000)
                try await wire.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return try await wire.receiveAll()
            }
            #expect(answers.hasPrefix("HTTP/1.1 404 "))
            #expect(answers.contains("HTTP/1.1 200 "))
        }
    }

    /// `curl` waits a second for it with every body over 1 MB.
    @Test func aClientThatWaitsIsToldToGoOn() async throws {
        try await Self.site().run(.live) { visitor async throws in
            let port = try #require(visitor.client.port)
            let answers = try await Wire.connected(to: port) { wire in
                let body = #"{"key":"k","client_id":"c"}"#
                let fields = "Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\nConnection: close"
                try await wire.send(Self.head("/api/v1/telemetry", fields))
                let signal = try await wire.receive(until: "\r\n\r\n")
                try await wire.send(body)
                return [signal, try await wire.receiveAll()]
            }
            #expect(answers[0] == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(answers[1].hasPrefix("HTTP/1.1 201 "))
        }
    }

    @Test func aChunkThatBreaksOffNeverCounts() async throws {
        try await Self.site().run(.live) { visitor async throws in
            let port = try #require(visitor.client.port)
            let bytes = UploadRouteTests.noise(700_000)
            let id = try await UploadRouteTests.begin(visitor, bytes.count)
            try await Wire.connected(to: port) { wire in
                let fields = "X-Chunk-Index: 0\r\nContent-Length: 700000"
                try await wire.send(Self.head("/api/v1/file-upload/\(id)/chunk", fields))
                try await wire.send(0x61, count: 350_000)
            }
            // Until the server notices, the upload is busy.
            var answer = try await UploadRouteTests.send(visitor, id, 0, bytes)
            for _ in 0..<10_000 where answer.status == 409 {
                answer = try await UploadRouteTests.send(visitor, id, 0, bytes)
            }
            #expect(answer.status == 200)
            #expect(try answer.json[path: "bytes_received"] == 700_000)
            let token = try await UploadRouteTests.complete(visitor, id).json[path: "file_token"] ?? .null
            let model = try await visitor.ask(
                .post,
                "/api/v1/models",
                ["file_token": token, "model_id": "m", "helper": "binaryhelper"]
            )
            #expect(model.status == 200)
            #expect(try await visitor.ask(.get, "/api/v1/models/m/download").content == Content(bytes))
        }
    }

    @Test func aDocumentThatBreaksOffIsNotStored() async throws {
        try await Self.site().run(.live) { visitor async throws in
            let port = try #require(visitor.client.port)
            try await Wire.connected(to: port) { wire in
                try await wire.send(Self.head("/api/v1/telemetry", "Content-Length: 100"))
                try await wire.send(#"{"key":"k","client_id":"c"}"#)
            }
            #expect(try await visitor.ask(.get, "/api/v1/telemetry/count").text == "0")
        }
    }

    @Test func aLargeFileComesBackOverASocket() async throws {
        try await Self.site().run(.live) { visitor async throws in
            let bytes = UploadRouteTests.noise(1_500_000)
            let token = try await UploadRouteTests.upload(visitor, bytes, chunk: 900 << 10)
            let body: JSON = ["file_token": .string(token), "helper": "binaryhelper", "model_id": "m"]
            #expect(try await visitor.ask(.post, "/api/v1/models/", body).status == 200)
            #expect(try await visitor.ask(.get, "/api/v1/models/m/download").content == Content(bytes))
            let headers = ["Range": "bytes=100000-1399999"]
            let part = try await visitor.ask(.get, "/api/v1/models/m/download", headers: headers)
            #expect(part.status == 206)
            #expect(part.content == Content(bytes[100_000..<1_400_000]))
        }
    }

    @Test func aServerRunsUntilItIsTold() async throws {
        var options = ServerOptions()
        options.port = 0
        options.shutdownTimeout = .seconds(1)
        let site = try Site(options: options)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let port = try await testGracefulShutdown { shutdown in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await site.server.run { _, port in continuation.yield(port) } }
                let port = try #require(await ports.first { _ in true })
                #expect(port > 0)
                let answer = try await Wire.connected(to: port) { wire in
                    try await wire.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    return try await wire.receive(until: "}")
                }
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                shutdown.triggerGracefulShutdown()
                try await group.waitForAll()
                return port
            }
        }
        await #expect(throws: (any Error).self) { try await Wire.connected(to: port) { _ in } }
    }
}
