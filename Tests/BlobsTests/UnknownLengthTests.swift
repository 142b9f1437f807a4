import Blobs
import Disk
import TestSupport
import Testing

/// A file that comes in one request without a length: only that request knows whether it is whole.
struct UnknownLengthTests {
    private static func store(on disk: any Disk, _ change: (inout BlobStore.Options) -> Void = { _ in }) throws
        -> BlobStore
    {
        var options = BlobStore.Options()
        options.chunkByteCountMin = 1_000
        options.chunkByteCountMax = 1_000
        change(&options)
        return try BlobStore(directory: "data", options: options, on: disk)
    }

    private static func disk() throws -> FaultDisk {
        let disk = FaultDisk()
        try disk.createDirectory("data")
        return disk
    }

    @Test(arguments: [0, 1, 999, 1_000, 1_001, 5_500])
    func fileHasTheLengthAtWhichItEnds(_ byteCount: Int) async throws {
        let blobs = try Self.store(on: Self.disk())
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) }
        let intake = try await BlobIntake(fileName: "f", byteCount: nil, blobs: blobs)
        #expect(try await blobs.upload(intake.id).status.byteCount == nil)
        try await intake.take(bytes)
        let token = try await intake.finish().token
        #expect(try await blobs.upload(token).status.byteCount == Int64(byteCount))
        let blob = try await blobs.claim(token)
        #expect(blob.byteCount == Int64(byteCount))
        let reader = try await blobs.open(blob.blobID)
        #expect(try (0..<reader.frameCount).flatMap { try reader.frame($0) } == bytes)
        await blobs.close()
    }

    @Test func otherRequestsDoNotCompleteIt() async throws {
        let disk = try Self.disk()
        let blobs = try Self.store(on: disk)
        let intake = try await BlobIntake(fileName: "f", byteCount: nil, blobs: blobs)
        try await intake.take([UInt8](repeating: 7, count: 1_500))
        await #expect(throws: UploadError.self) { try await blobs.upload(intake.id).complete() }
        let later = try Self.store(on: disk.processKill())
        let upload = try await later.upload(intake.id)
        #expect(upload.status.receivedByteCount == 1_000)
        await #expect(throws: UploadError.incomplete(received: 1_000, expected: nil)) { try await upload.complete() }
        try await later.abort(intake.id)
        #expect(try await later.unfinishedUploads().isEmpty)
        await later.close()
        await blobs.close()
    }

    @Test func itIsRefusedAtTheLargestSize() async throws {
        let blobs = try Self.store(on: Self.disk()) { $0.fileByteCountMax = 2_500 }
        let intake = try await BlobIntake(fileName: "f", byteCount: nil, blobs: blobs)
        try await intake.take([UInt8](repeating: 7, count: 2_500))
        await #expect(throws: UploadError.fileTooLarge(byteCount: 2_501, byteCountMax: 2_500)) {
            try await intake.take([7])
        }
        await intake.abort()
        await blobs.close()
    }

    /// The chunk that is arriving is not counted yet.
    @Test func whatHasArrivedCountsTowardsTheLimitOfAllUploads() async throws {
        let blobs = try Self.store(on: Self.disk()) { $0.unfinishedByteCountMax = 3_000 }
        let declared = try await blobs.begin(fileName: "g", byteCount: 1_500)
        let intake = try await BlobIntake(fileName: "f", byteCount: nil, blobs: blobs)
        try await intake.take([UInt8](repeating: 7, count: 2_000))
        await #expect(throws: UploadError.tooManyUnfinishedBytes(byteCountMax: 3_000)) { try await intake.take([7]) }
        await intake.abort()
        try await blobs.abort(declared.id)
        _ = try await blobs.begin(fileName: "g", byteCount: 3_000)
        await blobs.close()
    }
}
