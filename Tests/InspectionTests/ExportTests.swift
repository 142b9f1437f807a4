import Catalog
import Disk
import Glibc
import Index
import Inspection
import JSON
import SegmentLog
import Store
import TestSupport
import Testing

struct ExportTests {
    @Test func lastDocumentOfEachIDIsExported() async throws {
        let disk = try await SampleDirectory(.records).disk
        let lines = try Exported(of: "clients", on: disk).lines
        let store = try Store.open("data", schemas: Resource.schemas, on: disk)
        let stored = try ["a", "c"].map { try #require(try store.collection("clients").get($0)) }
        #expect(lines == stored.map { String(decoding: $0.bytes, as: UTF8.self) })
        try await store.close()
    }

    @Test func eventsAreInTheOrderOfTheLog() async throws {
        let exported = try Exported(of: "statuses", on: try await SampleDirectory(.records).disk)
        #expect(try exported.texts(of: "status") == ["up", "down"])
        #expect(exported.progress.exportedCount == 2)
        #expect(exported.progress.byteCount == Int64(exported.lines.reduce(0) { $0 + $1.utf8.count + 1 }))
    }

    @Test func historyHasEveryLine() async throws {
        let sample = try await SampleDirectory(.records)
        let segments = sample.files.filter { $0.contains("/clients/") && $0.hasSuffix(".jsonl") }
        #expect(segments.count > 1)
        let bytes = segments.flatMap { sample.disk.bytes(of: $0) ?? [] }
        let exported = try Exported(of: "clients", Export.Selection(isHistory: true), on: sample.disk)
        #expect(exported.lines.map { $0 + "\n" }.joined() == String(decoding: bytes, as: UTF8.self))
        #expect(exported.lines.count == 5)
    }

    /// A start is included, an end is not, so that adjacent spans are disjoint and complete.
    @Test(arguments: ["clients", "statuses"])
    func adjacentTimeSpansAreComplete(_ name: String) async throws {
        let disk = try await SampleDirectory(.records).disk
        let all = try Exported(of: name, on: disk)
        for text in try all.texts(of: "committed_at") {
            let moment = try #require(Timestamp(parsing: text))
            let before = try Exported(of: name, Export.Selection(until: moment), on: disk)
            let since = try Exported(of: name, Export.Selection(since: moment), on: disk)
            #expect(try since.texts(of: "committed_at").contains(text))
            #expect(Set(before.lines + since.lines) == Set(all.lines))
            #expect(before.lines.count + since.lines.count == all.lines.count)
        }
    }

    @Test func historyIsFilteredByTimeOfWriting() async throws {
        let disk = try await SampleDirectory(.records).disk
        let lines = try Exported(of: "clients", Export.Selection(isHistory: true), on: disk).lines
        let tombstone = try #require(lines.last)
        let at = try #require(try JSON(parsing: tombstone.utf8)["at"]?.string)
        let since = Export.Selection(isHistory: true, since: Timestamp(parsing: at))
        #expect(try Exported(of: "clients", since, on: disk).lines == [tombstone])
    }

    @Test func onlyMatchingDocumentsAreExported() async throws {
        let disk = try await SampleDirectory(.records).disk
        let up = Export.Selection(filter: Filter([Condition("status", .notEqual("down"))]))
        #expect(try Exported(of: "statuses", up, on: disk).texts(of: "status") == ["up"])
        // The last record of an id decides, not the last matching one.
        let first = Export.Selection(filter: Filter([Condition("client_id", .equal("b"))]))
        #expect(try Exported(of: "clients", first, on: disk).lines == [])
    }

    @Test(arguments: ["clients", "telemetry", "rounds"])
    func missingCollectionIsEmpty(_ name: String) async throws {
        let exported = try Exported(of: name, on: try await SampleDirectory(.model).disk)
        #expect(exported.lines == [])
        #expect(exported.progress.isComplete)
    }

    @Test func directoryWithoutLedgeFilesIsRefused() throws {
        #expect(throws: InspectionError.notADataDirectory("data")) { try Exported(of: "clients", on: FaultDisk()) }
    }

    @Test func exportWritesNoFiles() async throws {
        let disk = try await SampleDirectory().disk
        let (mutationCount, openCount) = (disk.mutationCount, disk.openDescriptorCount)
        for name in ["clients", "statuses", "models"] { _ = try Exported(of: name, on: disk) }
        #expect(disk.mutationCount == mutationCount)
        #expect(disk.openDescriptorCount == openCount)
    }
}

/// Damage is reported, and the rest is exported.
struct DamagedExportTests {
    @Test func eventsAfterADamagedOneAreExported() async throws {
        let sample = try await SampleDirectory(.records)
        let path = try damage(record: 1, of: "statuses", in: sample)
        let exported = try Exported(of: "statuses", on: sample.disk)
        #expect(try exported.texts(of: "status") == ["down"])
        #expect(exported.findings == [Finding(path: path, offset: 0, record: 1, reason: .corrupt(.checksumMismatch))])
        #expect(exported.progress.damageCount == 1 && !exported.progress.isComplete)
    }

    /// Both passes find it.
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func damageIsReportedOnce(_ sequence: UInt64) async throws {
        let sample = try await SampleDirectory(.records)
        let path = try damage(record: sequence, of: "clients", in: sample)
        let exported = try Exported(of: "clients", on: sample.disk)
        #expect(exported.findings.map(\.path) == [path])
        #expect(exported.findings.map(\.record) == [sequence])
    }

    @Test func damagedLastRecordExportsThePreviousDocument() async throws {
        let sample = try await SampleDirectory(.records)
        let first = try #require(
            try Exported(of: "clients", Export.Selection(isHistory: true), on: sample.disk).lines.first
        )
        _ = try damage(record: 3, of: "clients", in: sample)
        let lines = try Exported(of: "clients", on: sample.disk).lines
        #expect(lines.count == 2)
        let document = try #require(lines.first)
        #expect(first.contains(document))
    }

    @Test func pendingAppendIsIgnored() async throws {
        let sample = try await SampleDirectory(.records)
        let path = try #require(sample.files.last { $0.contains("/statuses/") && $0.hasSuffix(".jsonl") })
        try sample.disk.damage(path) { $0 += Array(#"{"seq":3,"batch":3,"at":"2026"#.utf8) }
        let exported = try Exported(of: "statuses", on: sample.disk)
        #expect(exported.lines.count == 2)
        #expect(exported.findings == [])
    }

    @Test func unreadableFileIsReported() async throws {
        let disk = try await SampleDirectory(.records).disk
        disk.fail(.pread, at: "statuses/0", with: EIO)
        let exported = try Exported(of: "statuses", on: disk)
        #expect(exported.lines == [])
        #expect(exported.findings.map(\.severity) == [.unreadable])
        #expect(exported.progress.unreadableCount == 1)
    }

    /// Flips a bit of a record, and returns the path of its segment.
    private func damage(record sequence: UInt64, of name: String, in sample: SampleDirectory) throws -> String {
        let start = Array(#"{"seq":\#(sequence),"#.utf8)
        for path in sample.files where path.contains("/\(name)/") && path.hasSuffix(".jsonl") {
            let bytes = sample.disk.bytes(of: path) ?? []
            guard let offset = bytes.firstRange(of: start)?.lowerBound else { continue }
            try sample.disk.damage(path) { $0[offset + 90] ^= 3 }
            return path
        }
        throw DiskError(call: .pread, path: "record \(sequence) of \(name)", code: ENOENT)
    }
}

/// A server writes, replaces, seals and merges during the export.
struct ConcurrentExportTests {
    @Test func sealedSegmentsAreExportedLikeOthers() async throws {
        let disk = FaultDisk()
        let store = try Self.open(on: disk)
        for number in 0..<60 {
            let text = JSON.string("\(number)")
            _ = try await store.collection("statuses").insert(["status": text])
            _ = try await store.collection("clients").put(["client_id": .string("c\(number % 7)"), "name": text])
        }
        let statuses = try Exported(of: "statuses", on: disk)
        let clients = try Exported(of: "clients", on: disk)
        try await store.maintain()
        #expect(try Exported(of: "statuses", on: disk).lines == statuses.lines)
        #expect(try Exported(of: "clients", on: disk).lines == clients.lines)
        #expect(statuses.lines.count == 60 && clients.lines.count == 7)
        try await store.close()
    }

    @Test func existingDocumentIsExportedOnce() async throws {
        let disk = FaultDisk()
        let store = try Self.open(on: disk)
        let clients = store.collection("clients")
        let ids = (0..<10).map { "c\($0)" }
        for id in ids { _ = try await clients.put(["client_id": .string(id), "name": "0"]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 1...200 {
                    let id = ids[number % 10]
                    _ = try await clients.put(["client_id": .string(id), "name": .string("\(number)")])
                    _ = try await store.collection("statuses").insert(["status": .string("\(number)")])
                    if number % 10 == 0 { try await store.maintain() }
                }
            }
            group.addTask {
                for _ in 0..<30 {
                    let found = try Exported(of: "clients", on: disk)
                    #expect(try found.texts(of: "client_id").sorted() == ids)
                    #expect(found.findings == [])
                    let statuses = try Exported(of: "statuses", on: disk)
                    let numbers = try statuses.texts(of: "status").compactMap { Int($0) }
                    #expect(numbers == Array(1..<numbers.count + 1))
                    #expect(statuses.findings == [])
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        try await store.close()
    }

    private static func open(on disk: FaultDisk) throws -> Store {
        var options = Store.Options()
        options.segmentByteCountMax = 2000
        return try Store.open("data", schemas: [Resource.clients, .statuses].map(\.schema), options: options, on: disk)
    }
}

/// The output of an export of the sample.
private struct Exported {
    let progress: Export.Progress
    private(set) var lines: [String] = []
    private(set) var findings: [Finding] = []

    init(of name: String, _ selection: Export.Selection = Export.Selection(), on disk: FaultDisk) throws {
        var lines: [String] = []
        var findings: [Finding] = []
        progress = try Export.run(
            name,
            of: SampleDirectory.path,
            selection,
            on: disk,
            report: { findings.append($0) },
            visit: { lines.append(String(decoding: $0, as: UTF8.self)) }
        )
        self.lines = lines
        self.findings = findings
    }

    /// Returns a text member of each line.
    func texts(of member: String) throws -> [String] {
        try lines.map { try #require(try JSON(parsing: $0.utf8)[member]?.string) }
    }
}
