import Blobs
import Disk
import Inspection
import JSON
import Store
import TestSupport
import Testing

struct ReportTests {
    @Test func liveRecordsAreCounted() async throws {
        let report = try Report.read("data", on: try await SampleDirectory(.records).disk)
        let clients = try #require(report.collections.first { $0.name == "clients" })
        #expect(clients.recordCount == 5)
        #expect(clients.liveCount == 2)
        #expect(clients.segmentCount > 1)
        let statuses = try #require(report.collections.first { $0.name == "statuses" })
        #expect(statuses.recordCount == 2)
        #expect(statuses.liveCount == 2)
    }

    @Test func bytesMatchTheSegments() async throws {
        let sample = try await SampleDirectory(.records)
        let report = try Report.read("data", on: sample.disk)
        let bytes = sample.files.filter { $0.hasSuffix(".jsonl") }.compactMap { sample.disk.bytes(of: $0)?.count }
        #expect(report.collections.reduce(0) { $0 + $1.byteCount } == Int64(bytes.reduce(0, +)))
    }

    @Test func sizeOnDiskIncludesIndexes() async throws {
        let sample = try await SampleDirectory([.records, .sealed])
        let report = try Report.read("data", on: sample.disk)
        let endings = [".jsonl", ".zst", ".idx"]
        let bytes = sample.files.filter { path in endings.contains { path.hasSuffix($0) } }
            .compactMap { sample.disk.bytes(of: $0)?.count }
        #expect(report.collections.reduce(0) { $0 + $1.storedByteCount } == Int64(bytes.reduce(0, +)))
        #expect(report.collections.map(\.liveCount) == [2, 2])
    }

    @Test func blobsHaveBothSizes() async throws {
        let sample = try await SampleDirectory()
        let blobs = try Report.read("data", on: sample.disk).blobs
        #expect(blobs.count == 1)
        #expect(blobs.byteCount == 1000)
        #expect(blobs.storedByteCount == Int64(sample.disk.bytes(of: sample.blobPath)?.count ?? 0))
    }

    @Test func unfinishedUploadsAreListed() async throws {
        let sample = try await SampleDirectory(.uploads)
        let uploads = try Report.read("data", on: sample.disk).uploads
        let complete = try #require(uploads.first { $0.id == sample.completeID })
        #expect(complete.isComplete)
        #expect(complete.receivedByteCount == 300)
        let unfinished = try #require(uploads.first { $0.id == sample.unfinishedID })
        #expect(!unfinished.isComplete)
        #expect(unfinished.fileName == "seed.npz")
        #expect(unfinished.receivedByteCount == 300)
        #expect(unfinished.byteCount == 600)
    }

    @Test(arguments: ["data/", "data//"])
    func trailingSlashIsIgnored(_ path: String) async throws {
        let sample = try await SampleDirectory(.records)
        _ = try File("data/x", .create, on: sample.disk)
        let report = try Report.read(path, on: sample.disk)
        #expect(report.path == "data")
        #expect(report.warnings.map(\.path) == ["data/x"])
    }

    @Test func damageIsAWarning() async throws {
        let sample = try await SampleDirectory()
        try sample.disk.flipBit(0, of: "data/ledge.json")
        let report = try Report.read("data", on: sample.disk)
        #expect(report.identity == nil)
        #expect(report.warnings == [Finding(path: "data/ledge.json", reason: .damagedIdentity)])
    }

    @Test func textIsATable() async throws {
        let sample = try await SampleDirectory([.records, .uploads])
        let report = try Report.read("data", on: sample.disk)
        let upload = try #require(report.uploads.first { $0.id == sample.unfinishedID })
        let lines = report.text(at: upload.lastActivity.advanced(by: .seconds(7_500))).split(separator: "\n")
        #expect(lines[0].hasPrefix("data: format 1, created 20"))
        #expect(
            lines[1].split(separator: " ")
                == "collection records live dead segments size on disk newest record".split(separator: " ")
        )
        #expect(lines[2].hasPrefix("clients           5     2     3         "))
        #expect(lines[4] == "blobs: 0 files, 0 B stored as 0 B")
        #expect(
            lines.contains {
                $0.hasPrefix(sample.unfinishedID) && $0.hasSuffix("seed.npz     300 B  600 B  2 h 5 min ago")
            }
        )
    }

    @Test func controlCharactersOfNamesAreEscaped() async throws {
        let sample = try await SampleDirectory(.records)
        let blobs = try SampleDirectory.openBlobs(on: sample.disk)
        _ = try await blobs.begin(fileName: "a\u{1B}[2Jb", byteCount: 1)
        let text = try Report.read("data", on: sample.disk).text(at: .now())
        #expect(text.contains(#"a\u001b[2Jb"#))
    }

    @Test func jsonHasEveryField() async throws {
        let report = try Report.read("data", on: try await SampleDirectory().disk)
        let json = try JSON(parsing: report.json.bytes)
        #expect(json["format"]?.int == 1)
        #expect(json["instance_id"]?.string == report.identity?.instanceID)
        #expect(json["collections"]?.array?.first?["dead"]?.int == 3)
        #expect(json["blobs"]?["bytes"]?.int == 1000)
        #expect(json["unfinished_uploads"]?.array?.count == 2)
        #expect(json["warnings"]?.array == [])
    }
}
