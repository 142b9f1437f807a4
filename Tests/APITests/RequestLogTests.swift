import HTTPTypes
import HummingbirdTesting
import JSON
import Logging
import Testing

@testable import API

struct RequestLogTests {
    @Test func everyRequestIsOneLineAtDebug() async throws {
        let log = RecordedLog(level: .debug)
        try await ServerFixture(logger: log.logger).run(.live) { client async throws in
            _ = try await client.ask(.post, "/api/v1/telemetry", ["client_id": "c", "key": "k", "value": 1])
            _ = try await client.ask(.get, "/api/v1/telemetry?key=secret")
            _ = try await client.ask(.head, "/api/v1/telemetry")
            _ = try await client.ask(.get, "/api/v1/nothing/here")
        }
        let lines = log.with("request")
        #expect(lines.map { $0["method"] } == ["POST", "GET", "HEAD", "GET"])
        #expect(lines.map { $0["status"] } == ["201", "200", "200", "404"])
        #expect(lines[1]["path"] == "/api/v1/telemetry")
        #expect(lines[1]["bytes"] == "\(#"{"count":0,"result":[]}"#.utf8.count)")
        #expect(lines[2]["bytes"] == "0")
        #expect(Set(lines.map { $0["request_id"] }).count == 4)
        #expect(lines.allSatisfy { $0["address"] == "127.0.0.1" && Double($0["ms"] ?? "") != nil })
    }

    @Test func requestsAreNotLoggedAtInfo() async throws {
        let log = RecordedLog()
        try await ServerFixture(logger: log.logger).run { client async throws in
            _ = try await client.ask(.get, "/api/v1/telemetry")
            #expect(log.with("request").isEmpty)
        }
    }
}
