import Blobs
import Catalog
import Disk
import Glibc
import Inspection
import JSON
import SegmentLog
import Store
import TestSupport
import Testing

/// Truncated, missing and additional files.
struct DirectoryDamageTests {
    @Test(arguments: [SampleDirectory.Parts.records, .model])
    func everyTruncationIsDamageOfItsFile(_ parts: SampleDirectory.Parts) async throws {
        let sample = try await SampleDirectory(parts)
        for path in sample.files {
            let bytes = sample.disk.bytes(of: path) ?? []
            for length in bytes.indices {
                try sample.disk.replaceBytes(of: path, with: Array(bytes.prefix(length)))
                let (tally, findings) = try check(sample.disk)
                #expect(tally.worst == .damage, "\(path) cut to \(length): \(findings)")
                #expect(findings.contains { $0.severity == .damage && $0.path == path })
            }
            try sample.disk.replaceBytes(of: path, with: bytes)
        }
    }

    @Test(arguments: [SampleDirectory.Parts.records, .model])
    func everyMissingFileIsDamage(_ parts: SampleDirectory.Parts) async throws {
        let sample = try await SampleDirectory(parts)
        for path in sample.files {
            let disk = sample.disk.copy()
            try disk.remove(path)
            let (_, findings) = try check(disk)
            #expect(findings.contains { $0.severity == .damage && $0.path == path }, "\(path): \(findings)")
        }
    }

    @Test func everyAppendedByteIsNoticed() async throws {
        let sample = try await SampleDirectory([.records, .model])
        for path in sample.files {
            let disk = sample.disk.copy()
            try disk.damage(path) { $0.append(UInt8(ascii: "\n")) }
            let (_, findings) = try check(disk)
            #expect(findings.contains { $0.path == path }, "\(path): \(findings)")
        }
    }

    @Test func damagedRecordIsReportedWithItsPlace() async throws {
        let sample = try await SampleDirectory(.records)
        let path = "data/collections/clients/00000000000000000001.jsonl"
        let secondLine = try #require(sample.disk.bytes(of: path)?.firstIndex(of: UInt8(ascii: "\n"))) + 1
        try sample.disk.damage(path) { $0[secondLine + 100] ^= 3 }
        let finding = try #require(try check(sample.disk).1.first { $0.severity == .damage })
        #expect(
            finding == Finding(path: path, offset: Int64(secondLine), record: 2, reason: .corrupt(.checksumMismatch))
        )
        #expect("\(finding)" == "damage: \(path) at \(secondLine), record 2: the checksum does not match")
    }

    @Test func missingBlobIsReportedWithItsDocument() async throws {
        let sample = try await SampleDirectory(.model)
        try sample.disk.remove(sample.blobPath)
        let findings = try check(sample.disk).1
        let finding = try #require(findings.first)
        #expect(findings.count == 1 && finding.path == sample.blobPath && finding.reason == .missingBlob)
        #expect(finding.owner?.documentID == sample.modelID)
    }

    @Test func damagedBlobIsReportedWithItsModel() async throws {
        let sample = try await SampleDirectory([.records, .model])
        try sample.disk.damage(sample.blobPath) { $0[$0.count / 2] ^= 1 }
        let findings = try check(sample.disk).1.filter { $0.severity == .damage }
        #expect(!findings.isEmpty)
        for finding in findings {
            #expect("\(finding)".hasSuffix(" (models \(sample.modelID), name \"mlp\", session s1)"))
            let owner: JSON = [
                "collection": "models", "id": .string(sample.modelID), "name": "mlp", "session_id": "s1",
            ]
            #expect(finding.json["owner"] == owner)
        }
    }

    @Test func blobWithoutADocumentIsANote() async throws {
        let sample = try await SampleDirectory([.model])
        for path in sample.files where path.contains("/models/") { try sample.disk.remove(path) }
        try sample.disk.removeDirectory("data/collections/models")
        let (tally, findings) = try check(sample.disk)
        #expect(findings == [Finding(path: sample.blobPath, reason: .orphanBlob)])
        #expect(tally.worst == .note)
    }

    /// The update of a task is kept until it is averaged: no document names it by `blob_id`, and it may be deleted.
    @Test func blobOfATaskIsNeitherOrphanedNorMissing() async throws {
        let disk = FaultDisk()
        let store = try Store.open(SampleDirectory.path, schemas: [Resource.commands.schema], on: disk)
        let blobs = try SampleDirectory.openBlobs(on: disk)
        let intake = try await BlobIntake(fileName: "update.npz", byteCount: 3, blobs: blobs)
        try await intake.take([1, 2, 3])
        let blobID = try await blobs.claim(try await intake.finish().token).blobID
        _ = try await store.collection("commands").insert(["response": ["file_token": .string(blobID)]])
        await blobs.close()
        try await store.close()
        #expect(try check(disk).1 == [])
        try disk.remove(BlobPaths(SampleDirectory.path).blob(try #require(BlobID(blobID))))
        #expect(try check(disk).1 == [])
    }

    @Test(arguments: [
        "data/x", "data/collections/x", "data/collections/clients/x", "data/collections/clients/manifest.json.new",
        "data/blobs/x", "data/uploads/x",
    ])
    func foreignFileIsANote(_ path: String) async throws {
        let sample = try await SampleDirectory(.records)
        _ = try File(path, .create, on: sample.disk)
        let (tally, findings) = try check(sample.disk)
        #expect(findings == [Finding(path: path, reason: .unknownEntry)])
        #expect(tally.worst == .note)
    }
}

/// Files and directories that cannot be read.
struct UnreadableTests {
    @Test func directoryWithoutLedgeFilesIsRefused() throws {
        let disk = FaultDisk()
        #expect(throws: InspectionError.notADataDirectory("data")) { try check(disk) }
        try disk.createDirectory("data")
        _ = try File("data/notes.txt", .create, on: disk)
        #expect(throws: InspectionError.notADataDirectory("data")) { try check(disk) }
        #expect(throws: InspectionError.notADataDirectory("data")) { try Report.read("data", on: disk) }
    }

    @Test func laterFormatIsRefused() async throws {
        let disk = try await SampleDirectory(.records).disk
        let line = CheckedLine.seal(["format": 2], seed: XXH3.hash64("ledge.json"))
        try disk.replaceBytes(of: "data/ledge.json", with: line)
        #expect(throws: InspectionError.unsupportedFormat(2)) { try check(disk) }
    }

    @Test(arguments: ["clients", "blobs/", "statuses/manifest.json"])
    func unreadableFileIsUnknown(_ part: String) async throws {
        let disk = try await SampleDirectory().disk
        disk.fail(.pread, at: part, with: EIO)
        let (tally, findings) = try check(disk)
        #expect(tally.worst == .unreadable)
        #expect(findings.contains { $0.path.contains(part) && $0.severity == .unreadable }, "\(findings)")
    }

    @Test func damageIsWorseThanUnreadable() async throws {
        let sample = try await SampleDirectory()
        sample.disk.fail(.pread, at: "clients", with: EIO)
        try sample.disk.flipBit(0, of: sample.blobPath)
        #expect(try check(sample.disk).0.worst == .damage)
    }
}
