import Disk
import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import TestSupport
import Testing

@testable import API

/// On a full or failing disk, reads continue, and refused writes return the reason.
struct DiskFailureResponseTests {
    private static let record: JSON = ["key": "k", "client_id": "c", "telemetry_id": "t"]

    @Test func documentOnAFullDiskIsRefused() async throws {
        let disk = FaultDisk()
        let fixture = try ServerFixture(on: disk)
        try await fixture.run { client async throws in
            #expect(try await client.ask(.post, "/api/v1/telemetry", Self.record).status == 201)
            disk.fail(.pwrite, at: "telemetry", with: ENOSPC)
            let answer = try await client.ask(.post, "/api/v1/telemetry", ["key": "k", "client_id": "c"])
            #expect(answer.status == 507)
            let full = "The server's disk is full (pwrite: No space left on device); nothing was written"
            let byteCount = #"{"key":"k","client_id":"c"}"#.utf8.count
            let free = try disk.freeByteCount("data")
            #expect(try answer.message == "\(full); the request has \(byteCount) bytes, and \(free) are free")
            #expect(try await client.ask(.get, "/api/v1/telemetry/t").status == 200)
            #expect(try await client.ask(.get, "/api/v1/telemetry/count").text == "1")
            disk.heal()
            #expect(try await client.ask(.post, "/api/v1/telemetry", ["key": "k", "client_id": "c"]).status == 201)
        }
    }

    @Test func failedSyncLatchesWrites() async throws {
        let disk = FaultDisk()
        let fixture = try ServerFixture(on: disk)
        try await fixture.server.application().test(.router) { transport in
            let client = APIClient(transport: Transport(router: transport))
            #expect(try await client.ask(.post, "/api/v1/telemetry", Self.record).status == 201)
            disk.fail(.fdatasync, at: "telemetry", with: EIO, times: 1)
            for _ in 0..<2 {
                let answer = try await client.ask(.post, "/api/v1/telemetry", ["key": "k", "client_id": "c"])
                #expect(answer.status == 503)
                let message = try #require(try answer.message)
                #expect(message.hasPrefix("The log telemetry accepts no writes since a disk error at 2"))
                #expect(message.hasSuffix("Z (fdatasync: Input/output error); reads go on; restart the server"))
            }
            #expect(try await client.ask(.get, "/api/v1/telemetry/t").status == 200)
            let other = try await client.ask(
                .post,
                "/api/v1/attributes",
                ["key": "k", "value": "v", "entity_id": "c"]
            )
            #expect(other.status == 201, "other collections accept writes")
        }
    }

    @Test func uploadOnAFullDiskIsRefused() async throws {
        let disk = FaultDisk()
        try await ServerFixture(on: disk).run { client async throws in
            disk.byteCountMax = 1 << 20
            let free = try disk.freeByteCount("data")
            let body: JSON = ["file_name": "f", "file_size": 10_000_000]
            let answer = try await client.ask(.post, "/api/v1/file-upload/init", body)
            #expect(answer.status == 507)
            let full = "The server's disk is too full for the file: it has 10000000 bytes, and \(free) are free"
            #expect(try answer.message == full)
            #expect(try await client.ask(.get, "/health").status == 200)
        }
    }

    @Test func chunkOnAFullDiskCanBeRepeated() async throws {
        let disk = FaultDisk()
        try await ServerFixture(on: disk).run { client async throws in
            let bytes = UploadRouteTests.noise(600_000)
            let id = try await UploadRouteTests.begin(client, bytes.count)
            disk.fail(.pwrite, at: "uploads", with: ENOSPC)
            let full = try await UploadRouteTests.send(client, id, 0, bytes)
            #expect(full.status == 507)
            disk.heal()
            #expect(try await UploadRouteTests.send(client, id, 0, bytes).status == 200)
            #expect(try await UploadRouteTests.complete(client, id).status == 200)
        }
    }

    /// Damaged content is never served: the response is aborted instead.
    @Test func downloadOfADamagedFileIsAborted() async throws {
        let directory = try TemporaryDirectory()
        let disk = PosixDisk()
        let fixture = try ServerFixture(on: disk, directory: directory.path)
        try await fixture.run { client async throws in
            let bytes = UploadRouteTests.noise(600_000)
            let token = try await UploadRouteTests.upload(client, bytes)
            let body: JSON = ["file_token": .string(token), "helper": "binaryhelper", "model_id": "m"]
            #expect(try await client.ask(.post, "/api/v1/models/", body).status == 200)
            let path = "\(directory.path)/blobs/\(token.prefix(2))/\(token).zst"
            let file = try File(path, .update, on: disk)
            let byte = try file.bytes(at: 400_000, count: 1)
            try file.write([byte[0] ^ 1], at: 400_000)
            await #expect(throws: (any Error).self) { try await client.ask(.get, "/api/v1/models/m/download") }
            let intact = try await client.ask(.get, "/api/v1/models/m/download", headers: ["Range": "bytes=0-99"])
            #expect(intact.content == Content(bytes[..<100]))
        }
    }
}
