import Catalog
import Disk
import Glibc
import JSON
import Store
import TestSupport
import Testing

@testable import ledge

struct ImportRunTests {
    /// The result of an import.
    private struct Outcome {
        var imported = 0
        var refused: [String] = []
        /// The formats that were detected.
        var formats: [ImportFormat] = []
        var failure: String?
    }

    /// Imports texts, each as a file, into `store`.
    private static func take(
        _ texts: [String],
        into name: String = "telemetry",
        store: Store? = nil,
        mustBeArray: Bool = false,
        format: ImportFormat = .auto,
        validates: Bool = true,
        keepsTimes: Bool = false,
        isStrict: Bool = false
    ) async throws -> Outcome {
        var outcome = Outcome()
        let resource = try #require(Resource.all.first { $0.name == name })
        let refusals = Refusals()
        var run = ImportRun(
            of: resource,
            into: store?.collection(name),
            format: format,
            validates: validates,
            keepsTimes: keepsTimes,
            isStrict: isStrict,
            reports: ImportRun.Reports(
                refusal: { refusals.lines.append($0) },
                format: { format, _ in refusals.formats.append(format) }
            )
        )
        for text in texts {
            let file = try TemporaryFile(Array(text.utf8))
            var source = try ImportSource(file.path, mustBeArray: mustBeArray)
            defer { source.close() }
            do {
                try await run.take(&source)
            } catch {
                outcome.failure = "\(error)".replacing(file.path, with: "FILE")
            }
            refusals.lines = refusals.lines.map { $0.replacing(file.path, with: "FILE") }
        }
        outcome.imported = run.importedCount
        #expect(run.refusedCount == refusals.lines.count)
        outcome.refused = refusals.lines
        outcome.formats = refusals.formats
        return outcome
    }

    private final class Refusals {
        var lines: [String] = []
        var formats: [ImportFormat] = []
    }

    private static func store(on disk: any Disk = FaultDisk()) throws -> Store {
        try Store.open("data", schemas: Resource.schemas, on: disk)
    }

    private static func ids(_ store: Store, _ name: String = "telemetry") throws -> [String] {
        try store.collection(name).list(Query(ascending: true)).documents.map(\.id)
    }

    private static func line(_ number: Int) -> String { #"{"telemetry_id":"t\#(number)","key":"k","client_id":"c"}"# }

    @Test func linesOfSeveralFilesAreStoredInOrder() async throws {
        let store = try Self.store()
        let first = (1...2_300).map { Self.line($0) }.joined(separator: "\n")
        let outcome = try await Self.take([first, "\u{FEFF}\n" + Self.line(9_999) + "\r\n\r\n"], store: store)
        #expect(outcome.imported == 2_301)
        #expect(outcome.refused == [])
        #expect(try Self.ids(store) == (1...2_300).map { "t\($0)" } + ["t9999"])
        try await store.close()
    }

    @Test(arguments: [false, true])
    func arrayIsDetectedByItsBracket(_ mustBeArray: Bool) async throws {
        let store = try Self.store()
        let text = "[" + (1...1_500).map(Self.line).joined(separator: ",") + "]\n"
        let outcome = try await Self.take([text], store: store, mustBeArray: mustBeArray)
        #expect(outcome.imported == 1_500)
        #expect(try Self.ids(store) == (1...1_500).map { "t\($0)" })
        try await store.close()
    }

    @Test func extendedJSONBecomesADocument() async throws {
        let store = try Self.store()
        let text = """
            {"_id":{"$oid":"65f0c1"},"key":"loss","value":{"$numberDouble":"0.25"},"step":{"$numberInt":"3"},\
            "timestamp":{"$date":{"$numberLong":"1710316800500"}},"model_id":"m","sender":{"client_id":"c"}}
            """
        #expect(try await Self.take([text], into: "metrics", store: store).imported == 1)
        let document = try #require(try store.collection("metrics").get("65f0c1"))
        let stored = try JSON(parsing: document.bytes)
        #expect(stored["value"]?.double == 0.25)
        #expect(stored["step"] == 3)
        #expect(stored["timestamp"] == "2024-03-13T08:00:00.500000Z")
        #expect(stored["_id"] == nil)
        #expect(stored["session_id"] == .null, "missing fields are added")
        try await store.close()
    }

    @Test func refusedDocumentsAreReportedWithTheirLines() async throws {
        let store = try Self.store()
        let text = [Self.line(1), "", "{", #"{"key":"k","client_id":"c","x":1}"#, Self.line(1), "7", Self.line(2)]
        let outcome = try await Self.take([text.joined(separator: "\n")], store: store, isStrict: true)
        #expect(outcome.imported == 2)
        #expect(
            outcome.refused == [
                "FILE:3: Broken JSON: it ends unfinished at byte 1",
                "FILE:4: Invalid object: unknown field 'x'",
                "FILE:5: document t1 already exists",
                "FILE:6: it is not a JSON object",
            ]
        )
        let array = try await Self.take(["[\(Self.line(3)),[],\(Self.line(2))]"], store: store)
        #expect(array.imported == 1)
        #expect(
            array.refused == [
                "FILE, element 2: it is not a JSON object",
                "FILE, element 3: document t2 already exists",
            ]
        )
        try await store.close()
    }

    @Test func anyObjectIsImportedWithoutValidation() async throws {
        let store = try Self.store()
        let text = #"{"telemetry_id":"ID","colour":{"$numberLong":"7"}}"#
        for format in [ImportFormat.ledge, .mongoexport] {
            let line = text.replacing("ID", with: format.rawValue)
            let outcome = try await Self.take([line], store: store, format: format, validates: false)
            #expect(outcome.imported == 1)
        }
        let telemetry = store.collection("telemetry")
        let stored = try #require(try telemetry.get("ledge"))
        #expect(try JSON(parsing: stored.bytes)["colour"] == ["$numberLong": "7"])
        let converted = try #require(try telemetry.get("mongoexport"))
        #expect(try JSON(parsing: converted.bytes)["colour"] == 7)
        try await store.close()
    }

    @Test func dryRunOnlyCounts() async throws {
        let outcome = try await Self.take([Self.line(1) + "\nx\n" + Self.line(2)])
        #expect(outcome.imported == 2)
        #expect(outcome.refused.count == 1)
    }

    @Test func validTimesAreKept() async throws {
        let store = try Self.store()
        func line(_ id: String, _ time: String) -> String {
            #"{"telemetry_id":"\#(id)","key":"k","client_id":"c","committed_at":\#(time)}"#
        }
        let text = [
            line("a", #"{"$date":"2024-01-01T00:00:00Z"}"#), line("b", #""2024-01-02T01:00:00+01:00""#),
            line("c", "1704240000.5"), line("d", #""2023-01-01""#), line("e", #""9000-01-01""#), line("f", #""soon""#),
        ]
        let outcome = try await Self.take([text.joined(separator: "\n")], store: store, keepsTimes: true)
        #expect(outcome.imported == 3)
        #expect(outcome.refused.map { $0.prefix(7) } == ["FILE:4:", "FILE:5:", "FILE:6:"])
        let times = try store.collection("telemetry").list(Query(ascending: true)).documents.map {
            try JSON(parsing: $0.bytes)["committed_at"]?.string ?? ""
        }
        #expect(times == ["2024-01-01T00:00:00.000000Z", "2024-01-02T00:00:00.000000Z", "2024-01-03T00:00:00.500000Z"])
        try await store.close()
    }

    /// Dumps have times of milliseconds, so many events share one, also those of two groups and of two imports.
    @Test func equalTimesKeepTheOrderOfTheFile() async throws {
        let disk = FaultDisk()
        let member = #""key":"k","client_id":"c","committed_at":"2024-01-01T00:00:01Z""#
        var expected: [String] = []
        for imported in [1...2_300, 2_301...2_303] {
            let ids = imported.map { "t\($0)" }
            let store = try Self.store(on: disk)
            let text = ids.map { #"{"telemetry_id":"\#($0)",\#(member)}"# }.joined(separator: "\n")
            let outcome = try await Self.take([text], store: store, keepsTimes: true)
            #expect(outcome.refused == [])
            expected += ids
            #expect(try Self.ids(store) == expected)
            let filter = try Resource.telemetry.requestedFilter(query: [("committed_at", "2024-01-01T00:00:01Z")])
                .filter
            #expect(try store.collection("telemetry").count(filter) == expected.count, "the times are not moved")
            try await store.close()
        }
    }

    @Test(arguments: [false, true]) func existingDocumentIsReportedAsExistingWhateverItsTime(
        _ keepsTimes: Bool
    ) async throws {
        let store = try Self.store()
        let text = (1...3).map {
            #"{"telemetry_id":"t\#($0)","key":"k","client_id":"c","committed_at":"2024-01-01T00:00:0\#($0)Z"}"#
        }.joined(separator: "\n")
        _ = try await Self.take([text], store: store, keepsTimes: true)
        let outcome = try await Self.take([text], store: store, keepsTimes: keepsTimes)
        #expect(outcome.refused == (1...3).map { "FILE:\($0): document t\($0) already exists" })
        #expect(try Self.ids(store) == ["t1", "t2", "t3"])
        try await store.close()
    }

    @Test func fullDiskStopsTheImportWithItsPosition() async throws {
        let disk = FaultDisk()
        let store = try Self.store(on: disk)
        disk.fail(.pwrite, at: "telemetry", with: ENOSPC, after: 1)
        let outcome = try await Self.take([(1...2_500).map(Self.line).joined(separator: "\n")], store: store)
        #expect(outcome.imported == 1_000)
        #expect(outcome.failure?.hasPrefix("stopped before FILE:1001: ") == true)
        #expect(outcome.failure?.hasSuffix("; 1000 documents are stored") == true)
        disk.heal()
        try await store.close()
    }

    @Test(arguments: [
        ("[\(line(1)),\(line(2))", 1, "FILE: it ends before the end of the array"),
        ("[\(line(1))] {}", 1, "FILE: it continues after the end of the array"),
        ("", 0, nil), ("\n \n", 0, nil),
    ])
    func truncatedFileKeepsTheDocumentsBefore(_ text: String, _ imported: Int, _ failure: String?) async throws {
        let store = try Self.store()
        let outcome = try await Self.take([text], store: store)
        #expect(outcome.imported == imported)
        #expect(outcome.failure == failure)
        try await store.close()
    }

    @Test(arguments: [
        ("key,value\nk,1\nk,2\n", "FILE: it seems to be CSV, not JSON; convert it first"),
        ("\u{1F}\u{8B}", "FILE: it begins with neither a JSON object nor an array: Broken JSON"),
        ("<xml>\n</xml>\n", "FILE: it begins with neither a JSON object nor an array: Broken JSON"),
        ("'a'\nnull\n", "FILE: it begins with neither a JSON object nor an array: Broken JSON"),
    ])
    func fileOfAnotherFormatIsRefusedOnce(_ text: String, _ failure: String) async throws {
        let store = try Self.store()
        let outcome = try await Self.take([text], store: store)
        #expect(outcome.failure?.hasPrefix(failure) == true, "\(outcome.failure ?? "")")
        #expect(outcome.imported == 0)
        #expect(outcome.refused.isEmpty)
        try await store.close()
    }

    @Test func recordSeparatorsAreSkipped() async throws {
        let store = try Self.store()
        let text = "\u{1E}\(Self.line(1))\n\u{1E}\(Self.line(2))\n"
        #expect(try await Self.take([text], store: store).imported == 2)
        try await store.close()
    }

    @Test func compressedFileIsRejected() async throws {
        let file = try TemporaryFile([0x1F, 0x8B, 8, 0])
        var source = try ImportSource(file.path)
        defer { source.close() }
        await #expect(throws: CommandFailure.self) { try await source.next() }
    }

    @Test(arguments: ["nonsense", "models", "control.packages", "settings", ""])
    func unknownCollectionsAreRejected(_ name: String) throws {
        #expect(throws: CommandFailure.self) { try ImportPlan(name, ["f"], hasArtifacts: false) }
    }
}
