import Catalog
import HTTPTypes
import JSON
import Testing

@testable import API

/// Query plans in responses.
struct ExplainTests {
    private static let telemetry = "/api/v1/telemetry"

    private static func fixture(_ body: @Sendable @escaping (APIClient) async throws -> Void) async throws {
        try await ServerFixture().run { client async throws in
            let lines = (1...3).map(IngestTests.line).joined(separator: "\n")
            #expect(try await IngestTests.ingest(client, lines).status == 200)
            try await body(client)
        }
    }

    @Test func explainedListContainsResultPlusPlan() async throws {
        try await Self.fixture { client async throws in
            let plain = try await client.ask(.get, "\(Self.telemetry)?client_id=c&value__gt=1")
            #expect(try plain.json.object?.keys == ["count", "result"])
            let answer = try await client.ask(.get, "\(Self.telemetry)?client_id=c&explain=1&value__gt=1")
            #expect(try answer.json.object?.keys == ["count", "result", "explain"])
            #expect(try answer.json["count"] == 2)
            #expect(try answer.json["result"] == plain.json["result"])
            let plan = try #require(try answer.json["explain"])
            #expect(plan["segments"] == 1)
            #expect(plan["records_read"] == 2)
            #expect(plan["order"] == "log")
            #expect(plan["sort_key"] == .null)
            let steps = try #require(plan["conditions"]?.array)
            #expect(steps.contains(["field": "client_id", "answered_by": "postings"]))
            #expect(steps.contains(["field": "value", "answered_by": "scan"]))
            #expect(steps.count == 2, "explain is no condition")
        }
    }

    @Test func explainedCountContainsNumberPlusPlan() async throws {
        try await Self.fixture { client async throws in
            #expect(try await client.ask(.get, "\(Self.telemetry)/count?key=k").text == "3")
            let answer = try await client.ask(.get, "\(Self.telemetry)/count?key=k&explain=true")
            #expect(try answer.json.object?.keys == ["count", "explain"])
            #expect(try answer.json["count"] == 3)
            #expect(try answer.json["explain"]?["records_scanned"] == 0)
            #expect(try answer.json["explain"]?["order"] == .null)
        }
    }

    @Test func explainInTheURLAppliesToABody() async throws {
        try await Self.fixture { client async throws in
            let list = try await client.ask(.post, "\(Self.telemetry)/list?explain=1", ["key": "k,l"])
            #expect(try list.json["explain"]?["conditions"] == [["field": "key", "answered_by": "postings"]])
            let count = try await client.ask(.post, "\(Self.telemetry)/count/?explain=1", form: "telemetry_id=t1")
            #expect(try count.json["count"] == 1)
            #expect(try count.json["explain"]?["conditions"] == [["field": "telemetry_id", "answered_by": "key"]])
            // In a body, it is an ordinary field.
            let field = try await client.ask(.post, "\(Self.telemetry)/count", ["explain": "1"])
            #expect(field.text == "0")
        }
    }

    @Test(arguments: ["explain=1", "explain=TRUE", "explain=0", "explain=", "explain", "explain=no"])
    func explainIsNotACondition(_ query: String) async throws {
        try await Self.fixture { client async throws in
            let answer = try await client.ask(.get, "\(Self.telemetry)?\(query)")
            #expect(try answer.json["count"] == 3)
            #expect(try (answer.json["explain"] != nil) == ["explain=1", "explain=TRUE"].contains(query))
            #expect(try await client.ask(.get, "/api/v1/statuses/histogram?\(query)").text == "[]")
        }
    }

    @Test func planNamesTheSourceOfTheOrder() async throws {
        try await Self.fixture { client async throws in
            let answer = try await client.ask(
                .get,
                "\(Self.telemetry)?explain=1",
                headers: ["X-Sort-Key": "meta.unit"]
            )
            #expect(try answer.json["explain"]?["order"] == "ranked")
            #expect(try answer.json["explain"]?["sort_key"] == "meta.unit")
        }
    }

    @Test func serverTimingContainsTheDuration() async throws {
        try await Self.fixture { client async throws in
            for path in ["", "/count", "?key=k", "/count?key=k"] {
                let timing = try #require(try await client.ask(.get, Self.telemetry + path)["Server-Timing"])
                #expect(timing.wholeMatch(of: /query;dur=\d+\.\d{3}/) != nil, "\(timing)")
            }
            #expect(
                try await client.ask(.get, "/api/v1/commands/roots")["Server-Timing"]?.contains("query;dur=") == true
            )
            for path in ["?meta.unit=x", "/count?meta.unit=x"] {
                let timing = try #require(try await client.ask(.get, Self.telemetry + path)["Server-Timing"])
                #expect(timing.hasPrefix(#"scan;desc="3 documents read", query;dur="#), "\(timing)")
            }
        }
    }

    @Test(arguments: Resource.all)
    func explainedAnswerMatchesTheSchema(_ resource: Resource) async throws {
        try await ServerFixture().run { client async throws in
            let check = SchemaCheck(document: try await client.ask(.get, "/openapi.json").json)
            let path = "/api/v1/\(resource.name)"
            for query in ["?explain=1", "?explain=1&a.b=c&committed_at__gt=2020-01-01&\(resource.key)__ne=x"] {
                let page = try await client.ask(.get, path + query).json
                #expect(check.violations(page, of: .reference(resource.typeName + "Page")) == [])
                let operation = check.document["paths"]?["\(path)/count"]?["get"]
                let schema = operation?["responses"]?["200"]?["content"]?["application/json"]?["schema"]
                let count = try await client.ask(.get, "\(path)/count\(query)").json
                #expect(check.violations(count, of: try #require(schema)) == [])
                #expect(check.violations(0, of: try #require(schema)) == [])
            }
        }
    }

    @Test func receiptMatchesTheSchema() async throws {
        try await ServerFixture().run { client async throws in
            let check = SchemaCheck(document: try await client.ask(.get, "/openapi.json").json)
            let receipt = try await IngestTests.ingest(client, "x\n\(IngestTests.line(1))").json
            for path in ["attributes", "metrics", "statuses", "telemetry"] {
                let operation = check.document["paths"]?["/api/v1/\(path)"]?["post"]
                let schema = operation?["responses"]?["200"]?["content"]?["application/json"]?["schema"]
                #expect(check.violations(receipt, of: try #require(schema)) == [])
                #expect(operation?["requestBody"]?["content"]?["application/x-ndjson"] != nil)
                let takesOne = operation?["requestBody"]?["content"]?["application/json"] != nil
                #expect(takesOne == (path != "metrics"))
            }
        }
    }
}
