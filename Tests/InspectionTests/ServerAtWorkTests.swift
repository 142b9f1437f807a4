import Blobs
import Catalog
import Disk
import Inspection
import JSON
import Store
import TestSupport
import Testing

/// Inspection of a directory that a server uses.
struct ServerAtWorkTests {
    @Test func inspectionClosesItsFiles() async throws {
        let disk = try await SampleDirectory().disk
        let (mutationCount, openCount) = (disk.mutationCount, disk.openDescriptorCount)
        _ = try check(disk)
        _ = try Report.read("data", on: disk)
        #expect(disk.mutationCount == mutationCount)
        #expect(disk.openDescriptorCount == openCount)
    }

    @Test func pendingAppendIsANote() async throws {
        let sample = try await SampleDirectory(.records)
        let path = "data/collections/statuses/00000000000000000001.jsonl"
        try sample.disk.damage(path) { $0 += Array(#"{"seq":3,"batch":3,"at":"2026"#.utf8) }
        let (tally, findings) = try check(sample.disk)
        #expect(tally.worst == .note)
        #expect(findings.map(\.reason) == [.neverDurable(byteCount: 29)])
    }

    /// A server renames the file, syncs two directories, and removes the upload's directory last.
    @Test func uploadThatIsBeingPublishedIsNoDamage() async throws {
        let sample = try await SampleDirectory(.uploads)
        let complete = "data/uploads/\(sample.completeID)/complete.zst"
        let disk = sample.disk
        try disk.createDirectory("data/blobs/\(sample.completeID.prefix(2))")
        disk.beforeEachCall { call, path in
            guard call == .open, path == complete else { return }
            disk.beforeEachCall(nil)
            let blob = "data/blobs/\(sample.completeID.prefix(2))/\(sample.completeID).zst"
            do { try disk.rename(complete, to: blob) } catch { Issue.record(error) }
        }
        let (tally, findings) = try check(disk)
        #expect(tally.worst == .note)
        #expect(findings.map(\.reason) == [.disappeared])
    }

    /// A server deletes a document and then its blob.
    @Test func modelThatIsBeingDeletedIsNoDamage() async throws {
        let sample = try await SampleDirectory(.model)
        let disk = sample.disk
        let log = try #require(disk.paths.first { $0.contains("/models/") && $0.hasSuffix(".jsonl") })
        let before = try #require(disk.bytes(of: log))
        let store = try Store.open("data", schemas: [Resource.models.schema], on: disk)
        try await store.collection("models").delete(sample.modelID)
        let after = try #require(disk.bytes(of: log))
        try disk.replaceBytes(of: log, with: before)
        try disk.remove(sample.blobPath)
        // The document is lost with its blob if it is still there.
        #expect(try check(disk).1.map(\.severity) == [.damage])
        disk.beforeEachCall { call, path in
            guard call == .stat, path == sample.blobPath else { return }
            disk.beforeEachCall(nil)
            do { try disk.replaceBytes(of: log, with: after) } catch { Issue.record(error) }
        }
        #expect(try check(disk).1 == [])
    }

    /// Many segments are closed and many uploads claimed during the check.
    @Test func runningServerIsNoDamage() async throws {
        let disk = FaultDisk()
        var options = Store.Options()
        options.segmentByteCountMax = 2000
        let schemas = [Resource.statuses, .models].map(\.schema)
        let store = try Store.open("data", schemas: schemas, options: options, on: disk)
        let blobs = try SampleDirectory.openBlobs(on: disk)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<200 {
                    _ = try await store.collection("statuses").insert(["status": .string("\(number)")])
                }
            }
            group.addTask {
                for _ in 0..<20 {
                    let id = try await blobs.begin(fileName: "m.npz", byteCount: 300).id
                    try await SampleDirectory.send(
                        SampleDirectory.unfinishedContent[..<300],
                        chunk: 0,
                        of: id,
                        to: blobs
                    )
                    let blob = try await blobs.claim(try await blobs.upload(id).complete().token)
                    _ = try await store.collection("models").insert(["blob_id": .string(blob.blobID)])
                }
            }
            group.addTask {
                for _ in 0..<30 {
                    let (tally, findings) = try check(disk)
                    #expect(tally.worst == .note, "\(findings)")
                    #expect(try Report.read("data", on: disk).warnings.allSatisfy { $0.severity == .note })
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        await blobs.close()
        try await store.close()
        #expect(try check(disk).1 == [])
    }
}
