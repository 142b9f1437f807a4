import Disk
import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import API

/// Liveness and readiness, without a token.
struct HealthRouteTests {
    private static func check(_ name: String, _ answer: Answer) throws -> JSON? {
        try answer.json["checks"]?.array?.first { $0["name"]?.string == name }
    }

    @Test func healthyServerIsReady() async throws {
        try await ServerFixture().run { client async throws in
            #expect(try await client.ask(.get, "/livez").text == #"{"status":"alive"}"#)
            for path in ["/readyz", "/readyz?strict"] {
                let answer = try await client.ask(.get, path)
                #expect(answer.status == 200 && answer.text == #"{"status":"ready"}"#)
            }
            let verbose = try await client.ask(.get, "/readyz?verbose")
            #expect(try Self.check("log telemetry", verbose) == ["name": "log telemetry", "status": "ok"])
            #expect(try Self.check("disk", verbose)?["free_bytes"]?.int ?? 0 > 0)
            #expect(try Self.check("uploads", verbose)?["unfinished"] == 0)
            #expect(try verbose.json["checks"]?.array?.allSatisfy { $0["status"] == "ok" } == true)
        }
    }

    @Test func fullDiskIsDegradedUntilAWriteSucceeds() async throws {
        let disk = FaultDisk()
        try await ServerFixture(on: disk).run { client async throws in
            disk.fail(.pwrite, at: "telemetry", with: ENOSPC)
            #expect(try await client.ask(.post, "/api/v1/telemetry", ["key": "k", "client_id": "c"]).status == 507)
            let answer = try await client.ask(.get, "/readyz?verbose")
            #expect(try answer.status == 200 && answer.json["status"] == "degraded")
            let check = try #require(try Self.check("disk", answer))
            #expect(check["status"] == "degraded")
            #expect(check["reason"] == "it is full: pwrite: No space left on device")
            #expect(check["since"]?.string?.utf8.count == 27)
            let strict = try await client.ask(.get, "/readyz?strict")
            #expect(strict.status == 503 && strict.text == #"{"status":"degraded"}"#)
            #expect(try await client.ask(.get, "/livez").status == 200)
            disk.heal()
            #expect(try await client.ask(.post, "/api/v1/telemetry", ["key": "k", "client_id": "c"]).status == 201)
            #expect(try await client.ask(.get, "/readyz").text == #"{"status":"ready"}"#)
        }
    }

    @Test func spaceForLessThanOneFileIsDegraded() async throws {
        let disk = FaultDisk()
        var options = ServerOptions()
        options.freeByteCountMin = 1 << 30
        try await ServerFixture(on: disk, options: options).run { client async throws in
            #expect(try await client.ask(.get, "/readyz").text == #"{"status":"ready"}"#)
            disk.byteCountMax = 1 << 29
            let answer = try await client.ask(.get, "/readyz?verbose")
            #expect(try answer.json["status"] == "degraded")
            let check = try #require(try Self.check("disk", answer))
            #expect(check["reason"]?.string?.hasPrefix("it is almost full: ") == true)
            #expect(try Self.check("disk", try await client.ask(.get, "/readyz?verbose"))?["since"] == check["since"])
            disk.byteCountMax = nil
            #expect(try await client.ask(.get, "/readyz").text == #"{"status":"ready"}"#)
        }
    }

    @Test func clockThatWasAheadIsReported() async throws {
        let now = NIOLockedValueBox(Timestamp.now().advanced(by: .seconds(86_400)))
        try await ServerFixture(clock: { now.withLockedValue { $0 } }).run { client async throws in
            let telemetry = "/api/v1/telemetry"
            #expect(try await client.ask(.post, telemetry, ["key": "k", "client_id": "c"]).status == 201)
            #expect(try await client.ask(.get, telemetry)["Ledge-Clock"] == nil)
            let end = now.withLockedValue { now in
                now = now.advanced(by: .seconds(-86_400))
                return now
            }
            let answer = try await client.ask(.get, "/readyz?verbose")
            let check = try #require(try Self.check("clock", answer))
            #expect(check["status"] == "degraded")
            #expect(check["reason"]?.string?.hasPrefix("the newest record of telemetry is 1 d later") == true)
            for path in ["\(telemetry)?committed_at__lte=\(end)", "\(telemetry)/count?committed_at__lte=\(end)"] {
                let answer = try await client.ask(.get, path)
                #expect(answer["Ledge-Clock"] == "telemetry has records up to 1 d later than the server's clock")
            }
            #expect(try await client.ask(.get, "/api/v1/statuses")["Ledge-Clock"] == nil)
        }
    }

    @Test func latchesAreReported() async throws {
        let disk = FaultDisk()
        let fixture = try ServerFixture(on: disk)
        try await fixture.server.application().test(.router) { transport in
            let client = APIClient(transport: Transport(router: transport))
            let id = try await UploadRouteTests.begin(client, 10)
            disk.fail(.fdatasync, with: EIO)
            #expect(try await client.ask(.post, "/api/v1/telemetry", ["key": "k", "client_id": "c"]).status == 503)
            #expect(try await UploadRouteTests.send(client, id, 0, Array(0..<10)).status == 200)
            #expect(try await UploadRouteTests.complete(client, id).status == 503)
            let again = try await UploadRouteTests.complete(client, id)
            #expect(try again.message?.contains("fdatasync: Input/output error") == true)
            let answer = try await client.ask(.get, "/readyz?verbose")
            #expect(try answer.json["status"] == "degraded")
            #expect(try Self.check("log telemetry", answer)?["status"] == "degraded")
            #expect(try Self.check("log attributes", answer)?["status"] == "ok")
            let reason: JSON = "1 can only be aborted: fdatasync: Input/output error"
            #expect(try Self.check("uploads", answer)?["reason"] == reason)
            #expect(!answer.text.contains("data/") && !answer.text.contains(id), "no path and no id")
        }
    }
}
