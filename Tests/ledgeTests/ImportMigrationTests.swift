import Catalog
import JSON
import Store
import TestSupport
import Testing

@testable import ledge

struct ImportMigrationTests {
    private final class Refusals {
        var lines: [String] = []
    }

    /// Imports a text; returns the stored documents, the oldest first, the changes, and the refused documents.
    private static func take(
        _ text: String,
        into resource: Resource = .telemetry,
        isStrict: Bool = false,
        on disk: FaultDisk = FaultDisk()
    ) async throws -> (documents: [JSON], adaptations: AdaptationCounts.Summary, refused: [String]) {
        let refusals = Refusals()
        let store = try Store.open("data", schemas: Resource.schemas, on: disk)
        var run = ImportRun(
            of: resource,
            into: store.collection(resource.name),
            keepsTimes: true,
            isStrict: isStrict,
            reports: ImportRun.Reports { refusals.lines.append($0) }
        )
        let file = try TemporaryFile(Array(text.utf8))
        var source = try ImportSource(file.path)
        defer { source.close() }
        try await run.take(&source)
        let documents = try store.collection(resource.name).list(Query(ascending: true)).documents.map {
            try JSON(parsing: $0.bytes)
        }
        try await store.close()
        return (documents, run.adaptations, refusals.lines.map { $0.replacing(file.path, with: "FILE") })
    }

    @Test(arguments: ["NaN", "Infinity", "-Infinity", #"{"$numberDouble":"-Infinity"}"#])
    func numberThatJSONDoesNotHaveIsKeptInExtra(_ number: String) async throws {
        let text = #"{"_id":"a","key":"a NaN \" NaN","value":\#(number),"client_id":"c"}"#
        let taken = try await Self.take(text)
        #expect(taken.refused == [])
        #expect(taken.documents.first?["value"] == .null)
        #expect(taken.documents.first?["key"] == "a NaN \" NaN")
        let kept = try #require(taken.documents.first?["extra"]?["value"]?.string)
        #expect(number.contains(kept))
        #expect(taken.adaptations.lines == ["adapted: 1 documents", "  value: kept in extra (1)"])
        #expect(try await Self.take(text, isStrict: true).refused.count == 1)
    }

    @Test(arguments: ["\n", ",\n", "\n\u{1E}"])
    func objectsOnSeveralLinesAreImported(_ separator: String) async throws {
        let documents = (1...3).map {
            "{\n  \"telemetry_id\": \"t\($0)\",\n  \"key\": \"}{\",\n \"client_id\":\"c\"\n}"
        }
        let taken = try await Self.take(documents.joined(separator: separator) + "\n")
        #expect(taken.refused == [])
        #expect(taken.documents.map { $0["telemetry_id"] } == ["t1", "t2", "t3"])
    }

    @Test func textAfterAnObjectIsRefusedAlone() async throws {
        let object = "{\n  \"telemetry_id\": \"ID\",\n  \"key\": \"k\",\n \"client_id\":\"c\"\n}\n"
        let taken = try await Self.take(
            object.replacing("ID", with: "a") + "oops\n" + object.replacing("ID", with: "b") + "{"
        )
        #expect(taken.documents.map { $0["telemetry_id"] } == ["a", "b"])
        #expect(taken.refused.map { $0.prefix(16) } == ["FILE, element 2:", "FILE, element 4:"])
    }

    @Test func truncatedFirstLineIsRefusedAlone() async throws {
        let line = #"{"telemetry_id":"a","key":"k","client_id":"c"}"#
        let taken = try await Self.take("{\"key\":\n" + line + "\n")
        #expect(taken.documents.map { $0["telemetry_id"] } == ["a"])
        #expect(taken.refused.map { $0.prefix(7) } == ["FILE:1:"])
    }

    @Test func onlyStoredDocumentsAreCountedAsAdapted() async throws {
        let disk = FaultDisk()
        let lines = (1...3).map { #"{"status_id":"s\#($0)","logLevel":"INFO","sender":{"name":null},"colour":\#($0)}"# }
        let first = try await Self.take(lines[..<2].joined(separator: "\n"), into: .statuses, on: disk)
        #expect(
            first.adaptations.lines == [
                "adapted: 2 documents", "  colour: kept in extra (2)", "  logLevel: renamed (2)",
                "  sender: left empty (2)",
            ]
        )
        let second = try await Self.take(lines.joined(separator: "\n"), into: .statuses, on: disk)
        #expect(second.refused.count == 2)
        #expect(second.adaptations.json["documents"] == 1)
        #expect(
            second.adaptations.json["changes"]?.array?.first
                == ["field": "colour", "change": "kept in extra", "documents": 1]
        )
    }
}
