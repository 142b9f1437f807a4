import Disk
import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import TestSupport
import Testing

@testable import API

/// A full or failing disk is a state, not an outage: reads go on, writes say why they cannot.
struct DiskFailureResponseTests {
    private static let record: JSON = ["key": "k", "client_id": "c", "telemetry_id": "t"]

    @Test func aFullDiskTakesNoDocuments() async throws {
        let disk = FaultDisk()
        try await Site(on: disk).run { visitor async throws in
            #expect(try await visitor.ask(.post, "/api/v1/telemetry", Self.record).status == 201)
            disk.fail(.pwrite, at: "telemetry", with: ENOSPC)
            let answer = try await visitor.ask(.post, "/api/v1/telemetry", ["key": "k", "client_id": "c"])
            #expect(answer.status == 507)
            #expect(
                try answer.message == "The server's disk is full (pwrite: No space left on device); nothing was written"
            )
            #expect(try await visitor.ask(.get, "/api/v1/telemetry/t").status == 200)
            #expect(try await visitor.ask(.get, "/api/v1/telemetry/count").text == "1")
            disk.heal()
            #expect(try await visitor.ask(.post, "/api/v1/telemetry", ["key": "k", "client_id": "c"]).status == 201)
        }
    }

    @Test func aFailedSyncLatchesWrites() async throws {
        let disk = FaultDisk()
        let site = try Site(on: disk)
        try await site.server.application().test(.router) { client in
            let visitor = Visitor(client: client)
            #expect(try await visitor.ask(.post, "/api/v1/telemetry", Self.record).status == 201)
            disk.fail(.fdatasync, at: "telemetry", with: EIO, times: 1)
            for _ in 0..<2 {
                let answer = try await visitor.ask(.post, "/api/v1/telemetry", ["key": "k", "client_id": "c"])
                #expect(answer.status == 503)
                let message = try #require(try answer.message)
                #expect(message.hasPrefix("The log telemetry takes no writes since the server's disk failed at 2"))
                #expect(message.hasSuffix("Z (fdatasync: Input/output error); reads go on; restart the server"))
            }
            #expect(try await visitor.ask(.get, "/api/v1/telemetry/t").status == 200)
            let other = try await visitor.ask(
                .post,
                "/api/v1/attributes",
                ["key": "k", "value": "v", "entity_id": "c"]
            )
            #expect(other.status == 201, "another collection goes on")
        }
    }

    @Test func aFullDiskTakesNoUpload() async throws {
        let disk = FaultDisk()
        try await Site(on: disk).run { visitor async throws in
            disk.byteCountMax = 1 << 20
            let body: JSON = ["file_name": "f", "file_size": 10_000_000]
            let answer = try await visitor.ask(.post, "/api/v1/file-upload/init", body)
            #expect(answer.status == 507)
            #expect(try await visitor.ask(.get, "/health").status == 200)
        }
    }

    @Test func aDiskThatFillsUpStopsAChunkOnly() async throws {
        let disk = FaultDisk()
        try await Site(on: disk).run { visitor async throws in
            let bytes = UploadRouteTests.noise(600_000)
            let id = try await UploadRouteTests.begin(visitor, bytes.count)
            disk.fail(.pwrite, at: "uploads", with: ENOSPC)
            let full = try await UploadRouteTests.send(visitor, id, 0, bytes)
            #expect(full.status == 507)
            disk.heal()
            #expect(try await UploadRouteTests.send(visitor, id, 0, bytes).status == 200)
            #expect(try await UploadRouteTests.complete(visitor, id).status == 200)
        }
    }

    /// Nothing wrong is ever served: the answer breaks off instead.
    @Test func aDamagedFileBreaksOff() async throws {
        let directory = try TemporaryDirectory()
        let disk = PosixDisk()
        let site = try Site(on: disk, directory: directory.path)
        try await site.run { visitor async throws in
            let bytes = UploadRouteTests.noise(600_000)
            let token = try await UploadRouteTests.upload(visitor, bytes)
            let body: JSON = ["file_token": .string(token), "helper": "binaryhelper", "model_id": "m"]
            #expect(try await visitor.ask(.post, "/api/v1/models/", body).status == 200)
            let path = "\(directory.path)/blobs/\(token.prefix(2))/\(token).zst"
            let file = try File(path, .update, on: disk)
            let byte = try file.bytes(at: 400_000, count: 1)
            try file.write([byte[0] ^ 1], at: 400_000)
            await #expect(throws: (any Error).self) { try await visitor.ask(.get, "/api/v1/models/m/download") }
            let intact = try await visitor.ask(.get, "/api/v1/models/m/download", headers: ["Range": "bytes=0-99"])
            #expect(intact.content == Content(bytes[..<100]))
        }
    }
}
