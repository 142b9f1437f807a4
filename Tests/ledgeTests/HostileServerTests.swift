import Disk
import Glibc
import NIOCore
import TestSupport
import Testing

@testable import ledge

/// Uploads to servers that send impossible responses.
struct HostileServerTests {
    private static let numbers = [
        "-1", "9223372036854775807", "9223372036854775808", "1e400", "9007199254740993", "1.5", "\"7\"", "null", "{}",
        "-9223372036854775808", "100000",
    ]

    private static func position(
        size: String = "5000",
        received: String = "0",
        next: String = "0",
        chunk: String = "1024"
    ) -> String {
        """
        {"upload_id":"a-1","file_name":"x","file_size":\(size),"bytes_received":\(received),\
        "next_chunk_index":\(next),"chunk_size":\(chunk),"complete":false}
        """
    }

    @Test(arguments: numbers, ["file_size", "bytes_received", "next_chunk_index", "chunk_size"])
    func impossibleNumberOfAResumedUploadIsAnError(_ number: String, _ name: String) async throws {
        let valid = name == "next_chunk_index" || name == "chunk_size" ? ["100000"] : []
        let reply =
            switch name {
            case "file_size": Self.position(size: number)
            case "bytes_received": Self.position(received: number)
            case "next_chunk_index": Self.position(next: number)
            default: Self.position(chunk: number)
            }
        let failure = try await Self.failure { request, _ in
            request.line.hasPrefix("GET ") ? ScriptedServer.Response(body: reply) : ScriptedServer.Response(status: 404)
        }
        let isRejected = failure.map { $0 != .notFound } == true
        #expect(isRejected != valid.contains(number), "\(number) as \(name): \(String(describing: failure))")
    }

    @Test(arguments: ["0", "-1", "1e400", "9223372036854775807"])
    func impossibleChunkSizeIsAnError(_ number: String) async throws {
        let failure = try await Self.failure(resuming: nil) { _, _ in
            ScriptedServer.Response(body: #"{"upload_id":"a-1","chunk_size":\#(number)}"#)
        }
        #expect(failure == .other("this is not a Ledge server: an impossible chunk_size in its response"))
    }

    @Test(arguments: ["../x", "a b", "a\\r\\nX: y", "", String(repeating: "a", count: 129)])
    func impossibleUploadIDIsNeverRequested(_ id: String) async throws {
        let failure = try await Self.failure(resuming: nil) { _, _ in
            ScriptedServer.Response(body: #"{"upload_id":"\#(id)","chunk_size":1024}"#)
        }
        #expect(failure == .other("this is not a Ledge server: an invalid upload_id in its response"))
    }

    /// After a refused chunk the position is in another file, or past the end of this one.
    @Test(arguments: [position(size: "100000", received: "60000"), position(received: "5001")])
    func impossiblePositionAfterAFailureIsAnError(_ reply: String) async throws {
        let failure = try await Self.failure { request, number in
            if request.line.hasPrefix("POST ") { return ScriptedServer.Response(status: 400) }
            return ScriptedServer.Response(body: number == 0 ? Self.position() : reply)
        }
        #expect(failure.map { $0 != .notFound } == true)
    }

    /// Each round of the server's game is accepted, and their number is limited.
    @Test func serverThatLosesEveryUploadIsGivenUp() async throws {
        let failure = try await Self.failure { request, _ in
            if request.line.hasPrefix("GET ") { return ScriptedServer.Response(body: Self.position()) }
            return ScriptedServer.Response(status: request.line.hasSuffix("/complete") ? 400 : 200)
        }
        #expect(failure == .other("the server returned 400: no reason given"))
    }

    @Test func redirectIsNotFollowed() async throws {
        let other = try await ScriptedServer { _, _ in ScriptedServer.Response() }
        let location = try other.url.text
        let failure = try await Self.failure(resuming: nil) { _, _ in
            ScriptedServer.Response(status: 307, fields: ["Location": location])
        }
        #expect(failure.map { "\($0)".contains("redirects") } == true)
        #expect(other.requests.isEmpty)
        try await other.close()
    }
}

extension HostileServerTests {
    private enum Outcome: Equatable {
        case notFound
        case other(String)
    }

    /// Uploads 5,000 bytes to a server and returns the error.
    private static func failure(
        resuming id: String? = "a-1",
        _ answer: @escaping @Sendable (ScriptedServer.Request, Int) -> ScriptedServer.Response
    ) async throws -> Outcome? {
        let server = try await ScriptedServer(answer)
        let file = try TemporaryFile(byteCount: 5_000)
        let upload = UploadRun(
            file: file.local,
            endpoint: UploadEndpoint(client: HTTPClient(server: try server.url)),
            resumeFile: nil,
            chunkByteCount: 2_048,
            resumedID: id,
            note: { _ in },
            pause: { _ in }
        )
        do {
            _ = try await upload.run()
        } catch {
            try await server.close()
            guard case .refused(404, _, _)? = error as? UploadFailure else { return .other("\(error)") }
            return .notFound
        }
        try await server.close()
        return nil
    }
}
