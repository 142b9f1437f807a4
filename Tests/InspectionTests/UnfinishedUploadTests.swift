import Blobs
import Disk
import Inspection
import TestSupport
import Testing

/// Unfinished uploads: the effects of a crash are not damage, but real damage is reported.
struct UnfinishedUploadTests {
    /// The few bits that decoders ignore do not change the final content.
    @Test func everyFlippedBitIsReportedOrHarmless() async throws {
        let sample = try await SampleDirectory(.uploads)
        let unnamed = try await flips(of: sample.files, on: sample.disk) { path, findings in
            !findings.contains { $0.path == path }
        }
        for flip in unnamed {
            try #require(flip.path.hasSuffix("data.part"), "\(flip)")
            let disk = sample.disk.copy()
            try disk.flipBit(flip.bit, of: flip.path)
            #expect(try await finishedContent(of: sample.unfinishedID, on: disk) == SampleDirectory.unfinishedContent)
        }
    }

    /// The beginning of an upload is durable; its only chunk is not known to be.
    @Test func onlyDurableBytesCanBeDamaged() async throws {
        let sample = try await SampleDirectory(.uploads)
        let journal = "data/uploads/\(sample.unfinishedID)/journal.jsonl"
        let headerEnd = try #require(sample.disk.bytes(of: journal)?.firstIndex(of: UInt8(ascii: "\n")))
        let durable = ["data/ledge.json", "data/uploads/\(sample.completeID)/complete.zst"]
        let damaging = try await flips(of: sample.files, on: sample.disk, step: 7) { _, findings in
            findings.contains { $0.severity == .damage }
        }
        #expect(durable.allSatisfy { path in damaging.contains { $0.path == path } })
        #expect(damaging.allSatisfy { durable.contains($0.path) || $0.path == journal && $0.bit / 8 <= headerEnd })
    }

    @Test func truncatedChunkIsANote() async throws {
        let sample = try await SampleDirectory(.uploads)
        let path = "data/uploads/\(sample.unfinishedID)/data.part"
        let byteCount = try #require(sample.disk.bytes(of: path)?.count)
        try sample.disk.damage(path) { $0.removeLast() }
        let (tally, findings) = try check(sample.disk)
        #expect(tally.worst == .note)
        #expect(findings == [Finding(path: path, offset: 0, reason: .neverDurable(byteCount: Int64(byteCount)))])
    }

    @Test func tornJournalIsANote() async throws {
        let sample = try await SampleDirectory(.uploads)
        let path = "data/uploads/\(sample.unfinishedID)/journal.jsonl"
        let bytes = try #require(sample.disk.bytes(of: path))
        let lineEnd = try #require(bytes.firstIndex(of: UInt8(ascii: "\n"))) + 1
        for length in bytes.indices where length > 0 && length != lineEnd {
            try sample.disk.replaceBytes(of: path, with: Array(bytes.prefix(length)))
            let start = length < lineEnd ? 0 : lineEnd
            let reason = Finding.Reason.neverDurable(byteCount: Int64(length - start))
            #expect(try check(sample.disk).1 == [Finding(path: path, offset: Int64(start), reason: reason)])
        }
    }

    /// Continues the upload as a client would, and returns the whole file.
    private func finishedContent(of id: String, on disk: FaultDisk) async throws -> [UInt8] {
        let blobs = try SampleDirectory.openBlobs(on: disk)
        let status = try await blobs.upload(id).status
        let rest = SampleDirectory.unfinishedContent[Int(status.receivedByteCount)...]
        try await SampleDirectory.send(rest, chunk: status.nextChunkIndex, of: id, to: blobs)
        _ = try await blobs.claim(try await blobs.upload(id).complete().token)
        let reader = try await blobs.open(id)
        let content = try (0..<reader.frameCount).flatMap { try reader.frame($0) }
        await blobs.close()
        return content
    }
}
