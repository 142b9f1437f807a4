import API
import Blobs
import Catalog
import Control
import Disk
import Federation
import Logging
import NIOConcurrencyHelpers
import NIOCore
import ServiceLifecycleTestKit
import Store
import TestSupport
import Testing

@testable import ledge

/// Uploads to the real server through connections that break.
struct UploadRunTests {
    @Test func fileIsUploaded() async throws {
        try await withServer { blobs, port in
            let file = try TemporaryFile(byteCount: 10_000)
            let outcome = try await run(file, port: port)
            #expect(outcome.resumedByteCount == 0)
            #expect(try await content(outcome.token, blobs) == file.content)
        }
    }

    @Test func emptyFileIsUploaded() async throws {
        try await withServer { blobs, port in
            let file = try TemporaryFile(byteCount: 0)
            #expect(try await content(try await run(file, port: port).token, blobs) == [])
        }
    }

    /// The first connection breaks during `init` or during the chunks.
    @Test(arguments: [50, 600, 1200, 2500])
    func uploadSurvivesABrokenConnection(_ byteCount: Int) async throws {
        try await withServer { blobs, port in
            let proxy = try await DisconnectingProxy(to: port, cuts: [.request(afterByteCount: byteCount)])
            let file = try TemporaryFile(byteCount: 10_000)
            let outcome = try await run(file, port: proxy.port)
            #expect(try await content(outcome.token, blobs) == file.content)
            try await proxy.close()
        }
    }

    /// The server executes a request whose response is lost; the last one is the response to `complete`.
    @Test(arguments: [0, 300, 600, 900, 1200, 1700])
    func uploadSurvivesALostResponse(_ byteCount: Int) async throws {
        try await withServer { blobs, port in
            let proxy = try await DisconnectingProxy(to: port, cuts: [.reply(afterByteCount: byteCount)])
            let file = try TemporaryFile(byteCount: 10_000)
            let pauses = Pauses()
            let outcome = try await run(file, port: proxy.port, pauses: pauses)
            #expect(try await content(outcome.token, blobs) == file.content)
            #expect(pauses.count == 1)
            try await proxy.close()
        }
    }

    @Test func uploadIsResumed() async throws {
        try await withServer { blobs, port in
            let file = try TemporaryFile(byteCount: 5_000)
            let resumeFile = try resumeFile(of: file, port: port)
            let endpoint = UploadEndpoint(client: HTTPClient(server: try url(port)))
            let id = try await endpoint.begin(file.local, chunkByteCount: 1_024).id
            let chunk = Chunk(index: 0, bytes: try file.local.bytes(at: 0, count: 1_024))
            #expect(await endpoint.failure(sending: chunk, of: id) == nil)
            try resumeFile.write(id)
            let outcome = try await run(file, port: port, resumeFile: resumeFile)
            #expect(outcome.uploadID == id)
            #expect(outcome.resumedByteCount == 1_024)
            #expect(try await content(outcome.token, blobs) == file.content)
        }
    }

    @Test func unknownUploadStartsFromTheBeginning() async throws {
        try await withServer { blobs, port in
            let file = try TemporaryFile(byteCount: 2_000)
            let resumeFile = try resumeFile(of: file, port: port)
            try resumeFile.write("00000000-0000-4000-8000-000000000000")
            let outcome = try await run(file, port: port, resumeFile: resumeFile)
            #expect(try resumeFile.read() == outcome.uploadID)
            #expect(try await content(outcome.token, blobs) == file.content)
        }
    }

    @Test func namedUploadMustExist() async throws {
        try await withServer { _, port in
            let file = try TemporaryFile(byteCount: 2_000)
            await #expect(throws: UploadFailure.refused(status: 404, message: "Unknown upload_id")) {
                try await run(file, port: port, resuming: "00000000-0000-4000-8000-000000000000")
            }
        }
    }

    @Test func uploadOfAnotherFileIsNotResumed() async throws {
        try await withServer { _, port in
            let other = try TemporaryFile(byteCount: 3_000)
            let endpoint = UploadEndpoint(client: HTTPClient(server: try url(port)))
            let id = try await endpoint.begin(other.local, chunkByteCount: 1_024).id
            let file = try TemporaryFile(byteCount: 2_000)
            await #expect(throws: UploadFailure.otherFile(id: id, byteCount: 3_000)) {
                try await run(file, port: port, resuming: id)
            }
        }
    }

    /// A proxy may accept only smaller chunks than the server, which is not known before the first chunk.
    @Test func resumedUploadMayUseSmallerChunks() async throws {
        try await withServer { blobs, port in
            let endpoint = UploadEndpoint(client: HTTPClient(server: try url(port)))
            let file = try TemporaryFile(byteCount: 3_000)
            let id = try await endpoint.begin(file.local, chunkByteCount: 2_048).id
            let outcome = try await run(file, port: port, resuming: id)
            #expect(try await endpoint.position(of: outcome.uploadID).nextChunkIndex == 3)
            #expect(try await content(outcome.token, blobs) == file.content)
        }
    }

    @Test func chunkDamagedInTransitIsRejected() async throws {
        try await withServer { _, port in
            let endpoint = UploadEndpoint(client: HTTPClient(server: try url(port)))
            let file = try TemporaryFile(byteCount: 1_000)
            let id = try await endpoint.begin(file.local, chunkByteCount: 1_024).id
            var chunk = Chunk(index: 0, bytes: try file.local.bytes(at: 0, count: 1_000))
            chunk.bytes.setInteger(UInt8(99), at: chunk.bytes.readerIndex + 500)
            let failure = try #require(await endpoint.failure(sending: chunk, of: id))
            #expect(failure.remedy == .attempts(3))
            #expect(try await endpoint.position(of: id).receivedByteCount == 0)
        }
    }

    @Test func unreachableServerIsAnError() async throws {
        let file = try TemporaryFile(byteCount: 1_000)
        let pauses = Pauses()
        let proxy = try await DisconnectingProxy(to: 1, cuts: [])
        try await proxy.close()
        await #expect(throws: UploadFailure.self) { try await run(file, port: proxy.port, pauses: pauses) }
        #expect(pauses.total == .seconds(300), "longer than a server keeps a dead connection")
        #expect(pauses.notes.last?.contains("cannot be reached: Connection refused; retrying in ") == true)
        #expect(pauses.notes.last?.hasSuffix(" s, for another 4 s") == true, "\(pauses.notes)")
    }

    /// The chunk is held by a connection that the server has not given up yet.
    @Test func uploadOutlastsADeadConnectionOnTheServer() async throws {
        let pauses = Pauses()
        let server = try await ScriptedServer { request, _ in
            if request.line.hasPrefix("GET ") {
                return ScriptedServer.Response(
                    body: #"{"file_name":"x","file_size":9,"bytes_received":0,"next_chunk_index":0,"chunk_size":9}"#
                )
            }
            if request.line.hasSuffix("/chunk"), pauses.total < .seconds(130) {
                return ScriptedServer.Response(status: 409, body: #"{"message":"busy"}"#)
            }
            return ScriptedServer.Response(body: #"{"upload_id":"a","chunk_size":9,"file_token":"t"}"#)
        }
        let file = try TemporaryFile(byteCount: 9)
        #expect(try await run(file, to: try server.url, pauses: pauses).token == "t")
        #expect(pauses.total >= .seconds(130))
        try await server.close()
    }
}

/// Shared setup.
extension UploadRunTests {
    /// A clock that only pauses advance, and the messages for the user.
    private final class Pauses: Sendable {
        private let pauses = NIOLockedValueBox<[Duration]>([])
        private let lines = NIOLockedValueBox<[String]>([])

        var count: Int { pauses.withLockedValue { $0.count } }
        var total: Duration { pauses.withLockedValue { $0.reduce(.zero, +) } }
        var notes: [String] { lines.withLockedValue { $0 } }

        func add(_ pause: Duration) {
            pauses.withLockedValue { $0.append(pause) }
        }

        func note(_ line: String) {
            lines.withLockedValue { $0.append(line) }
        }
    }

    private func url(_ port: Int) throws -> ServerURL {
        try ServerURL(parsing: "http://127.0.0.1:\(port)")
    }

    private func resumeFile(of file: TemporaryFile, port: Int) throws -> ResumeFile {
        try #require(ResumeFile(of: file.local, to: url(port), environment: ["HOME": "/h"], on: FaultDisk()))
    }

    private func run(
        _ file: TemporaryFile,
        port: Int,
        resumeFile: ResumeFile? = nil,
        resuming id: String? = nil,
        pauses: Pauses = Pauses()
    ) async throws -> UploadRun.Outcome {
        try await run(file, to: try url(port), resumeFile: resumeFile, resuming: id, pauses: pauses)
    }

    private func run(
        _ file: TemporaryFile,
        to server: ServerURL,
        resumeFile: ResumeFile? = nil,
        resuming id: String? = nil,
        pauses: Pauses
    ) async throws -> UploadRun.Outcome {
        let client = HTTPClient(server: server)
        let upload = UploadRun(
            file: file.local,
            endpoint: UploadEndpoint(client: client),
            resumeFile: resumeFile,
            chunkByteCount: 1_024,
            resumedID: id,
            note: { pauses.note($0) },
            pause: { pauses.add($0) },
            now: { pauses.total }
        )
        let outcome = try await upload.run()
        await client.close()
        return outcome
    }

    /// Downloads the content of a complete upload.
    private func content(_ token: String, _ blobs: BlobStore) async throws -> [UInt8] {
        let reader = try await blobs.open(try await blobs.claim(token).blobID)
        return try (0..<reader.frameCount).flatMap { try reader.frame($0) }
    }

    /// Calls `body` while a server with a disk in resumeFile runs on a free port.
    private func withServer(_ body: @escaping @Sendable (BlobStore, Int) async throws -> Void) async throws {
        let disk = FaultDisk()
        let store = try Store.open("data", schemas: Resource.schemas, on: disk)
        var options = BlobStore.Options()
        options.chunkByteCountMin = 1_024
        let blobs = try BlobStore(directory: "data", options: options, on: disk)
        var serverOptions = ServerOptions()
        serverOptions.port = 0
        serverOptions.shutdownSignals = []
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let network = FederatedNetwork(store: store, blobs: blobs)
        let controller = Controller(network)
        let server = Server(
            network: network,
            controller: controller,
            options: serverOptions,
            logger: logger
        )
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        try await testGracefulShutdown { shutdown in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run { _, number in port.yield(number) } }
                for await number in ports.prefix(1) { try await body(blobs, number) }
                shutdown.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
        await controller.shutdown()
        await blobs.close()
        try await store.close()
    }
}
