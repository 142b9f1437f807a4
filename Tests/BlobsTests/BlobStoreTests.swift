import Blobs
import Disk
import Glibc
import TestSupport
import Testing

struct BlobStoreTests {
    @Test func chunkLengthsAreClamped() async throws {
        let fixture = try UploadFixture { $0.chunkByteCountMin = 256 << 10 }
        func ticket(_ byteCount: Int64, _ chunkByteCount: Int?) async throws -> [Int] {
            let ticket = try await fixture.store.begin(
                fileName: "x",
                byteCount: byteCount,
                chunkByteCount: chunkByteCount
            )
            return [ticket.chunkByteCount, try #require(ticket.chunkCount)]
        }
        #expect(try await ticket(0, nil) == [921_600, 0])
        #expect(try await ticket(921_600, nil) == [921_600, 1])
        #expect(try await ticket(921_601, nil) == [921_600, 2])
        #expect(try await ticket(1 << 20, 1) == [256 << 10, 4])
        #expect(try await ticket(10 << 30, -7) == [256 << 10, 40_960])
        #expect(try await ticket(10 << 30, .max) == [10 << 20, 1_024])
    }

    @Test func invalidUploadsAreRefused() async throws {
        let fixture = try UploadFixture {
            $0.fileByteCountMax = 1_000
            $0.chunkCountMax = 9
        }
        await #expect(throws: UploadError.invalidByteCount(-1)) {
            try await fixture.store.begin(fileName: "x", byteCount: -1)
        }
        await #expect(throws: UploadError.fileTooLarge(byteCount: 1_001, byteCountMax: 1_000)) {
            try await fixture.store.begin(fileName: "x", byteCount: 1_001)
        }
        await #expect(throws: UploadError.tooManyChunks(count: 10, countMax: 9)) {
            try await fixture.store.begin(fileName: "x", byteCount: 91, chunkByteCount: 10)
        }
        for name in ["", String(repeating: "ü", count: 513)] {
            await #expect(throws: UploadError.invalidFileName) {
                try await fixture.store.begin(fileName: name, byteCount: 1)
            }
        }
        #expect(try fixture.disk.list("data/uploads").isEmpty)
    }

    @Test func uploadLargerThanTheFreeSpaceIsRefused() async throws {
        let fixture = try UploadFixture()
        fixture.disk.byteCountMax = 10_000
        let free = try fixture.disk.freeByteCount("data")
        await #expect(throws: UploadError.tooLargeForDisk(byteCount: 10_001, freeByteCount: free)) {
            try await fixture.begin(10_001)
        }
        #expect(try fixture.disk.list("data/uploads").isEmpty)
        _ = try await fixture.begin(9_000)
    }

    @Test func unfinishedUploadsAreLimited() async throws {
        let fixture = try UploadFixture { $0.unfinishedUploadCountMax = 2 }
        let first = try await fixture.begin(0)
        _ = try await fixture.begin(1)
        await #expect(throws: UploadError.tooManyUploads(countMax: 2)) { try await fixture.begin(1) }
        _ = try await fixture.store.upload(first).complete()
        _ = try await fixture.store.claim(first)
        _ = try await fixture.begin(1)
    }

    @Test(arguments: ["", "x", "../../x", "7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f"])
    func malformedIDsAreUnknown(_ id: String) async throws {
        let fixture = try UploadFixture()
        await #expect(throws: UploadError.unknownUpload) { try await fixture.store.upload(id).status }
        await #expect(throws: UploadError.unknownUpload) { try await fixture.store.upload(id).receive(chunk: 0) }
        await #expect(throws: UploadError.unknownUpload) { try await fixture.store.upload(id).complete() }
        await #expect(throws: UploadError.unknownUpload) { try await fixture.store.abort(id) }
        await #expect(throws: UploadError.unknownToken) { try await fixture.store.claim(id) }
        await #expect(throws: UploadError.unknownBlob) { try await fixture.store.open(id) }
        await #expect(throws: UploadError.unknownBlob) { try await fixture.store.remove(id) }
    }

    @Test func completingAnIncompleteUploadReportsTheProgress() async throws {
        let fixture = try UploadFixture()
        let id = try await fixture.begin(3_000)
        try await fixture.send(mixedBytes(count: 1_000), to: id, chunk: 0)
        await #expect(throws: UploadError.incomplete(received: 1_000, expected: 3_000)) {
            try await fixture.store.upload(id).complete()
        }
        await #expect(throws: UploadError.unknownToken) { try await fixture.store.claim(id) }
        try await fixture.send(mixedBytes(count: 2_000), to: id, chunk: 1)
        #expect(try await fixture.store.upload(id).complete().byteCount == 3_000)
    }

    @Test func repeatedCompletionReturnsTheSame() async throws {
        let fixture = try UploadFixture()
        let answer = try await fixture.upload(mixedBytes(count: 5_000))
        fixture.clock.advance(by: .seconds(60))
        #expect(try await fixture.store.upload(answer.token).complete() == answer)
        let next = try fixture.afterKill()
        #expect(try await next.store.upload(answer.token).complete() == answer)
        await #expect(throws: UploadError.alreadyComplete) {
            try await next.store.upload(answer.token).receive(chunk: 2)
        }
        let status = try await next.store.upload(answer.token).status
        #expect(status.isComplete && status.durableByteCount == 5_000 && status.nextChunkIndex == 2)
    }

    @Test func tokenIsValidForOneClaim() async throws {
        let fixture = try UploadFixture()
        let token = try await fixture.upload(mixedBytes(count: 5_000)).token
        #expect(try await fixture.store.claim(token).blobID == token)
        await #expect(throws: UploadError.unknownToken) { try await fixture.store.claim(token) }
        await #expect(throws: UploadError.unknownUpload) { try await fixture.store.upload(token).complete() }
        let next = try fixture.afterKill()
        await #expect(throws: UploadError.unknownToken) { try await next.store.claim(token) }
        #expect(try await next.content(of: token) == mixedBytes(count: 5_000))
    }

    @Test func abortedUploadIsUnknown() async throws {
        let fixture = try UploadFixture()
        let unfinished = try await fixture.begin(100)
        let complete = try await fixture.upload(mixedBytes(count: 100)).token
        for id in [unfinished, complete] {
            try await fixture.store.abort(id)
            await #expect(throws: UploadError.unknownUpload) { try await fixture.store.upload(id).status }
        }
        let next = try fixture.afterPowerCut(keeping: .nothing)
        #expect(try next.disk.list("data/uploads").isEmpty)
    }

    @Test func removedBlobStaysReadableWhileOpen() async throws {
        let fixture = try UploadFixture()
        let content = mixedBytes(count: 900)
        let blob = try await fixture.store.claim(try await fixture.upload(content).token)
        let reader = try await fixture.store.open(blob.blobID)
        try await fixture.store.remove(blob.blobID)
        await #expect(throws: UploadError.unknownBlob) { try await fixture.store.open(blob.blobID) }
        #expect(try reader.frame(0) == content)
        let next = try fixture.afterPowerCut(keeping: .nothing)
        await #expect(throws: UploadError.unknownBlob) { try await next.store.open(blob.blobID) }
    }

    @Test func closedStoreRefusesEveryRequest() async throws {
        let fixture = try UploadFixture()
        let id = try await fixture.begin(2_000)
        try await fixture.send(mixedBytes(count: 1_000), to: id, chunk: 0)
        await fixture.store.close()
        await #expect(throws: UploadError.storage(.closed)) { try await fixture.begin(1) }
        await #expect(throws: UploadError.storage(.closed)) { try await fixture.store.upload(id).receive(chunk: 1) }
        let next = try fixture.afterPowerCut(keeping: .nothing)
        #expect(
            try await next.store.upload(id).status.durableByteCount == 1_000,
            "closing makes durable what was received"
        )
        #expect(fixture.disk.openDescriptorCount == 0)
    }

    @Test func concurrentUploadsAreReadBack() async throws {
        let fixture = try UploadFixture()
        try await withThrowingTaskGroup { group in
            for number in 0..<24 {
                group.addTask {
                    let content = mixedBytes(count: 20_000 + number, seed: UInt64(number))
                    let token = try await fixture.upload(content, chunkByteCount: 2_500 + number).token
                    let blob = try await fixture.store.claim(token)
                    #expect(try await fixture.content(of: blob.blobID) == content, "upload \(number)")
                }
            }
            try await group.waitForAll()
        }
        #expect(try fixture.violations().isEmpty)
        #expect(try fixture.disk.list("data/uploads").isEmpty)
    }
}
