import Catalog
import Disk
import Federation
import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import NIOCore
import Store
import TestSupport
import Testing

@testable import API

/// Failures during an ingest, and the report on the lines before them.
@Suite(.timeLimit(.minutes(60)))
struct IngestFailureTests {
    private static let path = IngestTests.telemetry

    /// 3,500 lines, of which the second, in the first group, is refused.
    private static let body = (1...3_500).map { $0 == 2 ? "{}" : IngestTests.line($0) }.joined(separator: "\n")

    @Test func fullDiskReportsTheLastStoredLine() async throws {
        let disk = FaultDisk()
        try await ServerFixture(on: disk).run { client async throws in
            disk.fail(.pwrite, at: "telemetry", with: ENOSPC, after: 2)
            let answer = try await IngestTests.ingest(client, Self.body)
            #expect(answer.status == 507)
            let full =
                "The server's disk is full (pwrite: No space left on device); lines from 2001 on are not acknowledged"
            let space = "the request has \(Self.body.utf8.count) bytes, and \(try disk.freeByteCount("data")) are free"
            #expect(
                try answer.json == [
                    "message": .string("\(full); \(space)"),
                    "accepted": 1_999, "refused": 1, "errors": [["line": 2, "error": "missing field 'key'"]],
                ]
            )
            #expect(try await client.ask(.get, "\(Self.path)/count").text == "1999")
            disk.heal()
            // Sent again with their ids, the lines that were stored are refused and the others are not.
            let again = try await IngestTests.ingest(client, Self.body)
            #expect(try again.json["accepted"] == 1_500)
            #expect(try again.json["refused"] == 2_000)
            #expect(try await client.ask(.get, "\(Self.path)/count").text == "3499")
        }
    }

    @Test func failedSyncIsUnavailable() async throws {
        let disk = FaultDisk()
        let fixture = try ServerFixture(on: disk)
        try await fixture.server.application().test(.router) { transport in
            let client = APIClient(transport: Transport(router: transport))
            disk.fail(.fdatasync, at: "telemetry", with: EIO, after: 1)
            let answer = try await IngestTests.ingest(client, Self.body)
            #expect(answer.status == 503)
            #expect(try answer.json["accepted"] == 999)
            #expect(try answer.message?.hasSuffix("lines from 1001 on are not acknowledged") == true)
            #expect(try await client.ask(.get, "\(Self.path)/count").text == "999")
        }
    }

    /// A sender that cannot be read is a failure of the server, not of the line.
    @Test func unreadableSenderStopsTheIngest() async throws {
        let disk = FaultDisk()
        let before = try ServerFixture(on: disk)
        try await before.addClient("edge-1", name: "Lund")
        try await before.store.close()
        // A server keeps only documents in memory that it has written itself.
        try await ServerFixture(on: disk).run { client async throws in
            disk.fail(.pread, at: "clients", with: EIO)
            let body = #"{"status":"s","sender":{"client_id":"edge-1"}}"#
            let answer = try await IngestTests.ingest(client, body, to: "/api/v1/statuses")
            #expect(answer.status == 503)
            #expect(try answer.json["accepted"] == 0)
            #expect(try answer.json["refused"] == 0)
            disk.heal()
            #expect(try await IngestTests.ingest(client, body, to: "/api/v1/statuses").json["accepted"] == 1)
        }
    }

    @Test func truncatedBodyStoresWholeLinesOnly() async throws {
        let fixture = try ServerFixture()
        let documents = ResourceCollection(.telemetry, of: fixture.store)
        let body = (1...1_002).map(IngestTests.line).joined(separator: "\n")
        let fields: HTTPFields = [.contentLength: "1000000"]
        let head = HTTPRequest(method: .post, scheme: nil, authority: nil, path: Self.path, headerFields: fields)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body)))
        let failure = await #expect(throws: IngestFailure.self) {
            try await LineIngest.run(request, into: documents, checking: PathIDs([]), lineByteCountMax: 1 << 20) {
                try await Task.sleep(for: .seconds(86_400))
            }
        }
        #expect(failure?.status == .badRequest)
        #expect(failure?.line == 1_002)
        #expect(failure?.receipt.acceptedCount == 1_001)
        #expect(fixture.store.collection("telemetry").documentCount == 1_001)
        try await fixture.store.close()
    }

    /// A sensor may send its next line in an hour, and its connection may fail before.
    @Test(arguments: [false, true]) func waitingLineIsStoredAfterASecond(isDiskFull: Bool) async throws {
        let disk = FaultDisk()
        let fixture = try ServerFixture(on: disk)
        let documents = ResourceCollection(.telemetry, of: fixture.store)
        let head = HTTPRequest(method: .post, scheme: nil, authority: nil, path: Self.path)
        let (body, sender) = AsyncStream.makeStream(of: ByteBuffer.self)
        let (seconds, clock) = AsyncStream.makeStream(of: Void.self)
        let (waits, waiting) = AsyncStream.makeStream(of: Void.self)
        let request = Request(head: head, body: RequestBody(asyncSequence: body))
        let receipt = Task {
            try await LineIngest.run(request, into: documents, checking: PathIDs([]), lineByteCountMax: 1 << 20) {
                waiting.yield()
                for await _ in seconds { return }
                throw CancellationError()
            }
        }
        var wait = waits.makeAsyncIterator()
        var storedCount: Int { fixture.store.collection("telemetry").documentCount }
        sender.yield(ByteBuffer(string: IngestTests.line(1) + "\n" + IngestTests.line(2) + "\n{"))
        if isDiskFull { disk.fail(.pwrite, at: "telemetry", with: ENOSPC) }
        // The lines may arrive after the first second.
        for _ in 0..<3 where isDiskFull {
            clock.yield()
            await wait.next()
        }
        while !isDiskFull, storedCount == 0 {
            clock.yield()
            await wait.next()
        }
        if isDiskFull {
            sender.yield(ByteBuffer(string: "}\n"))
            sender.finish()
            let failure = await #expect(throws: IngestFailure.self) { try await receipt.value }
            #expect(failure?.line == 1 && failure?.receipt.acceptedCount == 0)
        } else {
            #expect(storedCount == 2, "the line that is incomplete waits")
            sender.yield(ByteBuffer(string: IngestTests.line(3).dropFirst() + "\n"))
            sender.finish()
            #expect(try await receipt.value.acceptedCount == 3)
        }
        try await fixture.store.close()
    }

    private static func head(_ fields: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n\(fields)\r\n\r\n"
    }

    @Test func abortedBodyStoresWholeLinesOnly() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            try await RawConnection.connected(to: port) { connection in
                try await connection.send(Self.head("Content-Length: 100000000"))
                try await connection.send((1...1_500).map { IngestTests.line($0) + "\n" }.joined())
                // The bytes so far would be a valid document.
                try await connection.send(IngestTests.line(1_501))
            }
            var count = ""
            while count != "1500" { count = try await client.ask(.get, "\(Self.path)/count").text }
            #expect(try await client.ask(.get, "\(Self.path)/t1501").status == 404)
        }
    }

    @Test func bodyOfUnknownLengthIsReadToItsEnd() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answer = try await RawConnection.connected(to: port) { connection in
                try await connection.send(Self.head("Transfer-Encoding: chunked\r\nConnection: close"))
                let text = (1...1_200).map { IngestTests.line($0) }.joined(separator: "\n")
                var rest = text[...]
                while !rest.isEmpty {
                    let piece = rest.prefix(7_001)
                    rest = rest.dropFirst(7_001)
                    try await connection.send("\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n")
                }
                try await connection.send("0\r\n\r\n")
                return try await connection.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.hasSuffix(#"{"accepted":1200,"refused":0,"errors":[]}"#))
        }
    }

    /// An overlong line is dropped as it arrives: the limit applies to the line, not to the body.
    @Test func overlongLineIsOneRefusal() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answer = try await RawConnection.connected(to: port) { connection in
                let first = IngestTests.line(1) + "\n"
                let last = "\n" + IngestTests.line(3)
                let byteCount = first.utf8.count + (64 << 20) + last.utf8.count
                try await connection.send(Self.head("Content-Length: \(byteCount)\r\nConnection: close"))
                try await connection.send(first)
                for _ in 0..<64 { try await connection.send(0x7B, count: 1 << 20) }
                try await connection.send(last)
                return try await connection.receiveAll()
            }
            #expect(
                answer.hasSuffix(
                    #"{"accepted":2,"refused":1,"errors":[{"line":2,"error":"The line is longer than 1048576 bytes"}]}"#
                )
            )
        }
    }

    @Test func waitingClientReceivesContinue() async throws {
        try await ServerFixture().run(.live) { client async throws in
            let port = try #require(client.transport.port)
            let answers = try await RawConnection.connected(to: port) { connection in
                let body = IngestTests.line(1)
                let fields = "Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\nConnection: close"
                try await connection.send(Self.head(fields))
                let signal = try await connection.receive(until: "\r\n\r\n")
                try await connection.send(body)
                return [signal, try await connection.receiveAll()]
            }
            #expect(answers[0] == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(answers[1].hasPrefix("HTTP/1.1 200 "))
        }
    }
}
