import HTTPTypes
import JSON
import Testing

@testable import API

struct DownloadTests {
    /// Three frames and a bit.
    private static let content = UploadRouteTests.noise(800_000)

    private static func withModel(
        _ content: [UInt8] = content,
        _ body: @Sendable @escaping (APIClient, String) async throws -> Void
    ) async throws {
        try await ServerFixture().run { client async throws in
            let token = try await UploadRouteTests.upload(client, content, name: "modèle 1.npz")
            let made = try await client.ask(
                .post,
                "/api/v1/models/",
                ["file_token": .string(token), "helper": "binaryhelper"]
            )
            let id = try #require(try made.json[path: "model_id"]?.string)
            try await body(client, "/api/v1/models/\(id)/download")
        }
    }

    @Test func wholeFileIsReturned() async throws {
        try await Self.withModel { client, path in
            let answer = try await client.ask(.get, path)
            #expect(answer.status == 200)
            #expect(answer.content == Content(Self.content))
            #expect(answer["Content-Length"] == "800000")
            #expect(answer["Content-Type"] == "application/octet-stream")
            #expect(answer["Accept-Ranges"] == "bytes")
            #expect(
                answer["Content-Disposition"]
                    == "attachment; filename=\"mod__le 1.npz\"; filename*=UTF-8''mod%C3%A8le%201.npz"
            )
        }
    }

    @Test func headReturnsTheLength() async throws {
        try await Self.withModel { client, path in
            let answer = try await client.ask(.head, path, headers: ["Range": "bytes=0-1"])
            #expect(answer.status == 200)
            #expect(answer["Content-Length"] == "800000")
            #expect(answer["ETag"]?.utf8.count == 66)
            #expect(answer.bytes.isEmpty)
        }
    }

    /// Frames have 256 KiB and chunks 300,000 bytes, so these begin and end within, at and across both.
    static let ranges: [Range<Int>] = [
        0..<1, 0..<800_000, 799_999..<800_000, 262_143..<262_145, 262_144..<524_288, 299_999..<300_001, 1..<799_999,
        562_144..<562_145,
    ]

    @Test(arguments: ranges)
    func rangeReturnsItsBytes(_ range: Range<Int>) async throws {
        try await Self.withModel { client, path in
            let header = ["Range": "bytes=\(range.lowerBound)-\(range.upperBound - 1)"]
            let answer = try await client.ask(.get, path, headers: header)
            #expect(answer.status == 206)
            #expect(answer.content == Content(Self.content[range]))
            #expect(answer["Content-Length"] == "\(range.count)")
            #expect(answer["Content-Range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/800000")
        }
    }

    @Test func rangePastTheEndIsUnsatisfiable() async throws {
        try await Self.withModel { client, path in
            let answer = try await client.ask(.get, path, headers: ["Range": "bytes=800000-"])
            #expect(answer.status == 416)
            #expect(answer["Content-Range"] == "bytes */800000")
            #expect(try answer.message != nil)
        }
    }

    @Test func matchingTagIsNotModified() async throws {
        try await Self.withModel { client, path in
            let tag = try #require(try await client.ask(.head, path)["ETag"])
            let same = try await client.ask(.get, path, headers: ["If-None-Match": tag])
            #expect(same.status == 304)
            #expect(same.bytes.isEmpty)
            #expect(same["ETag"] == tag)
            #expect(try await client.ask(.get, path, headers: ["If-None-Match": "\"x\""]).status == 200)
        }
    }

    @Test func staleRangeReturnsTheWholeFile() async throws {
        try await Self.withModel { client, path in
            let tag = try #require(try await client.ask(.head, path)["ETag"])
            let range = ["Range": "bytes=0-9"]
            let current = try await client.ask(.get, path, headers: range.merging(["If-Range": tag]) { $1 })
            #expect(current.status == 206)
            for validator in ["\"x\"", "W/\(tag)", "Mon, 23 Nov 2026 19:36:20 GMT"] {
                let stale = try await client.ask(.get, path, headers: range.merging(["If-Range": validator]) { $1 })
                #expect(stale.status == 200)
                #expect(stale.content == Content(Self.content))
            }
        }
    }

    @Test func emptyFileIsReturned() async throws {
        try await ServerFixture().run { client async throws in
            let token = try await UploadRouteTests.upload(client, [], name: "code.tgz")
            let made = try await client.ask(.post, "/api/v1/packages/", ["file_token": .string(token)])
            #expect(made.status == 200)
            let answer = try await client.ask(.get, "/api/v1/packages/download?name=code.tgz")
            #expect(answer.status == 200)
            #expect(answer.bytes.isEmpty)
            #expect(answer["Content-Length"] == "0")
        }
    }

    @Test(arguments: [
        ("seed.npz", #"attachment; filename="seed.npz""#),
        ("a\"b\\c", #"attachment; filename="a_b_c"; filename*=UTF-8''a%22b%5Cc"#),
        ("\t", #"attachment; filename="_"; filename*=UTF-8''%09"#),
    ])
    func fileNameIsEscapedInItsHeader(_ name: String, _ header: String) {
        #expect(BlobDownload.disposition(name) == header)
    }
}
