import Blobs
import Catalog
import Disk
import Index
import Inspection
import JSON
import Store
import TestSupport
import Testing

/// `fixtures/v1` was written by the first build and is read by every later one.
struct FormatOneTests {
    private static let uploadID = "0d79876c-4171-4446-8273-908f3cce895f"
    private let disk = FaultDisk()

    init() throws {
        try Self.copy(Fixture.path("v1"), to: "data", on: disk)
    }

    @Test func fixtureIsClean() throws {
        var findings: [Finding] = []
        let tally = try Check.run("data", on: disk) { findings.append($0) }
        #expect(findings.filter { $0.severity != .note }.isEmpty, "\(findings)")
        #expect(tally.recordCount == 175 && tally.blobCount == 1)
    }

    @Test func everyRecordIsRead() async throws {
        let store = try Store.open("data", schemas: Resource.schemas, on: disk)
        let status = try #require(try store.collection("statuses").get("s-1"))
        #expect(try JSON(parsing: status.bytes)[path: "status"]?.string == "träined ✓")
        let telemetry = store.collection("telemetry")
        #expect(try telemetry.count(Filter()) == 171)
        let last = try #require(try telemetry.list(Query(limit: 1)).documents.first)
        #expect(try JSON(parsing: last.bytes)[path: "value"]?.int == 170)
        try await store.close()
    }

    @Test func modelHasItsContent() async throws {
        let store = try Store.open("data", schemas: Resource.schemas, on: disk)
        let blobs = try BlobStore(directory: "data", on: disk)
        let model = try #require(try store.collection("models").list(Query(limit: 1)).documents.first)
        let blobID = try #require(try JSON(parsing: model.bytes)[path: "blob_id"]?.string)
        let reader = try await blobs.open(blobID)
        var content: [UInt8] = []
        for frame in 0..<reader.frameCount { content += try reader.frame(frame) }
        #expect(try content == Fixture.bytes(of: "models/digits-mlp.npz"))
        try await store.close()
    }

    @Test func unfinishedUploadContinues() async throws {
        let blobs = try BlobStore(directory: "data", options: Self.timeless, on: disk)
        let status = try await blobs.upload(Self.uploadID).status
        #expect(status.receivedByteCount == 10 && status.nextChunkIndex == 1)
        let receiver = try await blobs.upload(Self.uploadID).receive(chunk: 1, expecting: nil)
        _ = try Array("other half".utf8).withUnsafeBytes { try receiver.fill($0) }
        _ = try await receiver.finish()
        #expect(try await blobs.upload(Self.uploadID).complete().byteCount == 20)
        await blobs.close()
    }

    /// By the wall clock, the upload has expired.
    private static var timeless: BlobStore.Options {
        var options = BlobStore.Options()
        options.uploadLifetime = .seconds(1 << 40)
        return options
    }

    private static func copy(_ path: String, to target: String, on disk: FaultDisk) throws {
        let source = PosixDisk()
        try disk.ensureDirectory(target)
        for name in try source.list(path) {
            let (from, to) = ("\(path)/\(name)", "\(target)/\(name)")
            if try source.entry(from)?.kind == .directory {
                try copy(from, to: to, on: disk)
            } else {
                try disk.publish(try source.contents(of: from) ?? [], at: to)
            }
        }
    }
}
