import Catalog
import Disk
import Inspection
import JSON
import Store
import TestSupport
import Testing

@testable import ledge

struct ImportFormatTests {
    private static let stamps =
        #""committed_at":"2026-01-01T00:00:00.000000Z","updated_at":"2026-01-02T00:00:00.000000Z""#

    @Test(arguments: [
        (#"{"_id":{"$oid":"65f0"},"key":"k"}"#, ImportFormat.mongoexport), (#"{"_id":7}"#, .mongoexport),
        (#"{"key":"k","committed_at":{"$date":"2024-03-13T08:00:00Z"}}"#, .mongoexport),
        (#"{"key":"k","updated_at":{"$date":1710316800500}}"#, .mongoexport),
        (#"{"key":"k","payload":{"$numberLong":"7"},"meta":{"_id":{"$oid":"65f0"}}}"#, .ledge),
        (#"{"key":"k","committed_at":"2024-03-13T08:00:00Z"}"#, .ledge), ("{}", .ledge),
        (#"{"_id":{"$oid":"65f0"},\#(stamps)}"#, .ledge),
    ])
    func firstDocumentDecidesTheFormat(_ text: String, _ format: ImportFormat) throws {
        #expect(ImportFormat.detected(by: try #require(JSON(parsing: text.utf8).object)) == format)
    }

    /// Later documents do not change the format, which is decided for each file alone.
    @Test func formatIsDecidedOncePerFile() async throws {
        let plain = #"{"telemetry_id":"ID","key":"k","client_id":"c","payload":{"$numberLong":"7"}}"#
        let extended = #"{"_id":{"$oid":"ID"},"key":"k","client_id":"c","payload":{"$numberLong":"7"}}"#
        let files = [
            ["x", plain.replacing("ID", with: "a"), extended.replacing("ID", with: "b")],
            [extended.replacing("ID", with: "c"), plain.replacing("ID", with: "d")],
        ]
        let disk = FaultDisk()
        let (formats, refused) = try await Self.take(
            files.map { $0.joined(separator: "\n") },
            on: disk,
            isStrict: true
        )
        #expect(formats == [.ledge, .mongoexport])
        #expect(
            refused == ["1: Broken JSON: unexpected character at byte 0", "3: Invalid object: unknown field '_id'"]
        )
        let payloads = try Self.exported(from: disk).map { try JSON(parsing: $0)["payload"] }
        #expect(payloads == [["$numberLong": "7"], 7, 7])
    }

    @Test func responseOfAListIsExplained() async throws {
        let text = #"{"count":1,"result":[{"key":"k","client_id":"c"}]}"#
        let error = await #expect(throws: CommandFailure.self) { try await Self.take([text], on: FaultDisk()) }
        #expect(error?.description.contains("jq -c '.result | reverse[]'") == true)
    }

    @Test func updateTimesAreKept() async throws {
        let disk = FaultDisk()
        let line = #"{"telemetry_id":"a","key":"k","client_id":"c",\#(Self.stamps)}"#
        let future = line.replacing("a\"", with: "b\"").replacing("2026-01-02", with: "9999-01-02")
        let refused = try await Self.take([line + "\n" + future], on: disk, keepsTimes: true).refused
        #expect(refused == ["2: updated_at must be a time in the past"])
        let stored = try JSON(parsing: #require(try Self.exported(from: disk).first))
        #expect(stored["updated_at"] == "2026-01-02T00:00:00.000000Z")
    }

    /// As FEDn's REST API returns them.
    @Test func timesOfRFC1123AreKept() async throws {
        let disk = FaultDisk()
        let line = #"{"key":"k","client_id":"c","committed_at":"Mon, 30 Nov 2020 17:17:53 GMT"}"#
        #expect(try await Self.take([line], on: disk, keepsTimes: true).refused == [])
        let stored = try JSON(parsing: #require(try Self.exported(from: disk).first))
        #expect(stored["committed_at"] == "2020-11-30T17:17:53.000000Z")
    }

    @Test(arguments: ["telemetry", "clients"])
    func exportIsImportedByteForByte(_ name: String) async throws {
        var generator = SeededGenerator()
        let documents = (0..<300).map { number in
            var document: JSONObject = ["client_id": .string("c\(number)")]
            if name == "telemetry" {
                document["key"] = "k"
                document["payload"] = Self.value(&generator, depth: 3)
                document["meta"] = .object(Self.object(&generator, depth: 3))
            } else {
                document["name"] = .string(Self.text(&generator))
            }
            return String(decoding: JSON.object(document).bytes, as: UTF8.self)
        }
        let (first, second) = (FaultDisk(), FaultDisk())
        let taken = try await Self.take([documents.joined(separator: "\n")], into: name, on: first)
        #expect(taken.refused == [], "SEED=\(SeededGenerator.runSeed)")
        let export = try Self.exported(name, from: first)
        #expect(export.count == documents.count, "SEED=\(SeededGenerator.runSeed)")
        for (line, document) in zip(export, documents) {
            let (stored, sent) = (try JSON(parsing: line), try JSON(parsing: document.utf8))
            for member in ["payload", "meta", "name"] {
                #expect(stored[member] ?? .null == sent[member] ?? .null, "SEED=\(SeededGenerator.runSeed)")
            }
        }
        let text = String(decoding: Array(export.joined(separator: [UInt8(ascii: "\n")])), as: UTF8.self)
        let restored = try await Self.take([text], into: name, on: second, keepsTimes: true)
        #expect(restored.refused == [], "SEED=\(SeededGenerator.runSeed)")
        #expect(try Self.exported(name, from: second) == export, "SEED=\(SeededGenerator.runSeed)")
    }
}

/// Shared steps, and random JSON that resembles extended JSON.
extension ImportFormatTests {
    private final class Reported {
        var formats: [ImportFormat] = []
        var refused: [String] = []
    }

    /// Imports texts, each as a file; returns the detected formats, and the refused documents by their lines.
    private static func take(
        _ texts: [String],
        into name: String = "telemetry",
        on disk: FaultDisk,
        keepsTimes: Bool = false,
        isStrict: Bool = false
    ) async throws -> (formats: [ImportFormat], refused: [String]) {
        let reported = Reported()
        let store = try Store.open("data", schemas: Resource.schemas, on: disk)
        var run = ImportRun(
            of: try #require(Resource.all.first { $0.name == name }),
            into: store.collection(name),
            keepsTimes: keepsTimes,
            isStrict: isStrict,
            reports: ImportRun.Reports(
                refusal: { reported.refused.append(String($0.drop { $0 != ":" }.dropFirst())) },
                format: { format, _ in reported.formats.append(format) }
            )
        )
        for text in texts {
            let file = try TemporaryFile(Array(text.utf8))
            var source = try ImportSource(file.path)
            defer { source.close() }
            try await run.take(&source)
        }
        try await store.close()
        return (reported.formats, reported.refused)
    }

    private static func exported(_ name: String = "telemetry", from disk: FaultDisk) throws -> [[UInt8]] {
        var lines: [[UInt8]] = []
        _ = try Inspection.Export.run(name, of: "data", on: disk) {
            Issue.record("\($0)")
        } visit: {
            lines.append(Array($0))
        }
        return lines
    }

    private static let names = [
        "$numberLong", "$numberDouble", "$oid", "$date", "$uuid", "$undefined", "$binary", "$type", "_id", "a", "å", "",
        "committed_at", "updated_at", "base64", "subType", "\u{1B}\u{7F}\u{9B}",
    ]

    private static func object(_ generator: inout SeededGenerator, depth: Int) -> JSONObject {
        var object: JSONObject = [:]
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            object[names.randomElement(using: &generator) ?? ""] = value(&generator, depth: depth - 1)
        }
        return object
    }

    private static func value(_ generator: inout SeededGenerator, depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 5), using: &generator) {
        case 0: .null
        case 1: .bool(.random(using: &generator))
        case 2: .number(JSONNumber(Int64.random(in: .min ... .max, using: &generator)))
        case 3: JSONNumber(Double.random(in: -1e9...1e9, using: &generator)).map { .number($0) } ?? .null
        case 4: .string(text(&generator))
        case 5: .array((0..<Int.random(in: 0...3, using: &generator)).map { _ in value(&generator, depth: depth - 1) })
        default: .object(object(&generator, depth: depth))
        }
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        let texts = [
            "7", "NaN", "65f0c1b2", "2024-03-13T08:00:00Z", "EjRWeBI0VngSNFZ4EjRWeA==", "04", "\u{0}\n\"\\/", "é",
        ]
        return texts.randomElement(using: &generator) ?? ""
    }
}
