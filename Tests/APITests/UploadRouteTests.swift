import Blobs
import HTTPTypes
import JSON
import Store
import TestSupport
import Testing

@testable import API

struct UploadRouteTests {
    static func begin(_ client: APIClient, _ byteCount: Int, name: String = "seed.npz", chunk: Int? = nil) async throws
        -> String
    {
        var body: JSONObject = ["file_name": .string(name), "file_size": .number(JSONNumber(Int64(byteCount)))]
        body["chunk_size"] = chunk.map { .number(JSONNumber(Int64($0))) }
        let answer = try await client.ask(.post, "/api/v1/file-upload/init", .object(body))
        #expect(answer.status == 200)
        return try #require(try answer.json[path: "upload_id"]?.string)
    }

    static func send(
        _ client: APIClient,
        _ id: String,
        _ index: Int,
        _ bytes: [UInt8],
        checksum: String? = nil
    ) async throws -> Answer {
        var headers = ["X-Chunk-Index": "\(index)"]
        headers["X-Chunk-Checksum"] = checksum
        return try await client.ask(.post, "/api/v1/file-upload/\(id)/chunk", headers: headers, bytes: bytes)
    }

    static func complete(_ client: APIClient, _ id: String) async throws -> Answer {
        try await client.ask(.post, "/api/v1/file-upload/\(id)/complete")
    }

    /// Uploads a file in chunks and returns its token.
    static func upload(_ client: APIClient, _ bytes: [UInt8], name: String = "seed.npz", chunk: Int = 300_000)
        async throws -> String
    {
        let id = try await begin(client, bytes.count, name: name)
        var index = 0
        while index * chunk < bytes.count {
            let part = bytes[index * chunk..<min(bytes.count, (index + 1) * chunk)]
            #expect(try await send(client, id, index, Array(part)).status == 200)
            index += 1
        }
        let answer = try await complete(client, id)
        #expect(answer.status == 200)
        return try #require(try answer.json[path: "file_token"]?.string)
    }

    /// Bytes that do not compress, the same in every run.
    static func noise(_ byteCount: Int, seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    @Test func unfinishedUploadsAreListedUntilTheyAreUsedOrAborted() async throws {
        let disk = FaultDisk()
        try await ServerFixture(on: disk).run { client async throws in
            #expect(try await client.ask(.get, "/api/v1/file-upload/").text == #"{"count":0,"result":[]}"#)
            let first = try await Self.begin(client, 600_000, name: "a.npz")
            #expect(try await Self.send(client, first, 0, Self.noise(300_000)).status == 200)
            _ = try await Self.upload(client, Self.noise(10), name: "b.npz")
            _ = try await Self.begin(client, 1)
        }
        // A server that has not been asked for them lists those of the one before.
        try await ServerFixture(on: disk).run { client async throws in
            let list = try await client.ask(.get, "/api/v1/file-upload")
            #expect(try list.json["count"] == 3)
            #expect(try list.listed("file_name") == ["a.npz", "b.npz", "seed.npz"])
            let result = try list.json["result"]?.array ?? []
            #expect(result.map { $0["bytes_received"] } == [300_000, 10, 0])
            #expect(result.map { $0["complete"] } == [false, true, false])
            for id in try list.listed("upload_id") {
                #expect(try await client.ask(.post, "/api/v1/file-upload/\(id)/abort").status == 200)
            }
            #expect(try await client.ask(.get, "/api/v1/file-upload").json["count"] == 0)
        }
    }

    @Test func statusReportsTheProgress() async throws {
        try await ServerFixture().run { client async throws in
            let bytes = Self.noise(700_000)
            let id = try await Self.begin(client, bytes.count, chunk: 1)
            let first = try await Self.send(client, id, 0, Array(bytes[..<400_000]))
            #expect(try first.json == ["chunk_index": 0, "bytes_received": 400_000])
            let status = try await client.ask(.get, "/api/v1/file-upload/\(id)").json
            #expect(status[path: "file_name"] == "seed.npz")
            #expect(status[path: "file_size"] == 700_000)
            #expect(status[path: "chunk_size"] == 262_144)
            #expect(status[path: "bytes_received"] == 400_000)
            #expect(status[path: "next_chunk_index"] == 1)
            #expect(status[path: "complete"] == false)
            #expect((status[path: "bytes_durable"]?.int ?? -1) <= 400_000)
            let second = try await Self.send(client, id, 1, Array(bytes[400_000...]))
            #expect(try second.json == ["chunk_index": 1, "bytes_received": 700_000])
            let complete = try await Self.complete(client, id)
            #expect(try complete.json[path: "file_token"]?.string == id)
            #expect(try complete.json[path: "file_name"] == "seed.npz")
            #expect(try complete.json[path: "file_size"] == 700_000)
            #expect(try await client.ask(.get, "/api/v1/file-upload/\(id)").json[path: "complete"] == true)
        }
    }

    @Test func formBeginsAnUpload() async throws {
        try await ServerFixture().run { client async throws in
            let form = "file_name=a+b.bin&file_size=0"
            let answer = try await client.ask(.post, "/api/v1/file-upload/init", form: form)
            #expect(answer.status == 200)
            #expect(try answer.json[path: "total_chunks"] == 0)
            let id = try #require(try answer.json[path: "upload_id"]?.string)
            let complete = try await Self.complete(client, id)
            #expect(complete.status == 200)
            #expect(try complete.json[path: "file_name"] == "a b.bin")
            #expect(try complete.json[path: "file_size"] == 0)
        }
    }

    @Test func lastChunkCanBeRepeated() async throws {
        try await ServerFixture().run { client async throws in
            let id = try await Self.begin(client, 10)
            #expect(try await Self.send(client, id, 0, [1, 2, 3]).status == 200)
            let again = try await Self.send(client, id, 0, [1, 2, 3])
            #expect(again.status == 200)
            #expect(try again.json == ["chunk_index": 0, "bytes_received": 3])
            #expect(try await Self.send(client, id, 0, [1, 2, 4]).status == 400)
        }
    }

    static let refusals: [(Int, Int, Int, String)] = [
        (1, 5, 400, "Out-of-order chunk: expected 0, received 1"),
        (0, 11, 400, "The chunk goes past the declared file_size of 10 bytes"),
        (0, (10 << 20) + 1, 413, "The chunk is longer than 10485760 bytes"),
    ]

    @Test(arguments: refusals.indices)
    func invalidChunkIsRefused(_ index: Int) async throws {
        let (chunk, byteCount, status, message) = Self.refusals[index]
        try await ServerFixture().run { client async throws in
            let id = try await Self.begin(client, 10)
            let answer = try await Self.send(client, id, chunk, [UInt8](repeating: 7, count: byteCount))
            #expect(answer.status == status)
            #expect(try answer.message == message)
            #expect(try await Self.send(client, id, 0, [1, 2, 3]).status == 200, "the upload continues")
        }
    }

    @Test(arguments: [
        ("sha256:039058C6F2C0CB492C533B0A4D14EF77CC0F78ABCCCED5287D84A1A2011CFB81", true),
        ("sha256:039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb80", false),
        ("xxh3:00000000000000000000000000000000", false),
    ])
    func chunkMustMatchItsChecksum(_ checksum: String, _ matches: Bool) async throws {
        try await ServerFixture().run { client async throws in
            let id = try await Self.begin(client, 3)
            let answer = try await Self.send(client, id, 0, [1, 2, 3], checksum: checksum)
            #expect(answer.status == (matches ? 200 : 400))
            let status = try await client.ask(.get, "/api/v1/file-upload/\(id)").json
            #expect(status[path: "bytes_received"] == (matches ? 3 : 0))
        }
    }

    @Test func incompleteUploadIsNotCompleted() async throws {
        try await ServerFixture().run { client async throws in
            let id = try await Self.begin(client, 10)
            _ = try await Self.send(client, id, 0, [1, 2, 3])
            let answer = try await Self.complete(client, id)
            #expect(answer.status == 400)
            #expect(try answer.message == "Not all chunks have been received: 3 of 10 bytes")
        }
    }

    @Test func abortedUploadIsUnknown() async throws {
        try await ServerFixture().run { client async throws in
            let id = try await Self.begin(client, 10)
            let answer = try await client.ask(.post, "/api/v1/file-upload/\(id)/abort")
            #expect(answer.status == 200)
            #expect(try answer.json == ["message": "Upload aborted"])
            #expect(try await Self.send(client, id, 0, [1]).status == 404)
            #expect(try await Self.complete(client, id).status == 404)
        }
    }

    @Test func uploadOverTheLimitIsRefused() async throws {
        var options = BlobStore.Options()
        options.unfinishedUploadCountMax = 1
        try await ServerFixture(blobOptions: options).run { client async throws in
            _ = try await Self.begin(client, 10)
            let answer = try await client.ask(.post, "/api/v1/file-upload/init", ["file_name": "f", "file_size": 1])
            #expect(answer.status == 429)
        }
    }
}
