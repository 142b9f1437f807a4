import Blobs
import Disk
import Glibc
import TestSupport
import Testing

struct BlobStoreTests {
    @Test func chunkLengthsAreClampedAndCounted() async throws {
        let room = try Warehouse { $0.chunkByteCountMin = 256 << 10 }
        func ticket(_ byteCount: Int64, _ chunkByteCount: Int?) async throws -> [Int] {
            let ticket = try await room.store.begin(fileName: "x", byteCount: byteCount, chunkByteCount: chunkByteCount)
            return [ticket.chunkByteCount, ticket.chunkCount]
        }
        #expect(try await ticket(0, nil) == [921_600, 0])
        #expect(try await ticket(921_600, nil) == [921_600, 1])
        #expect(try await ticket(921_601, nil) == [921_600, 2])
        #expect(try await ticket(1 << 20, 1) == [256 << 10, 4])
        #expect(try await ticket(10 << 30, -7) == [256 << 10, 40_960])
        #expect(try await ticket(10 << 30, .max) == [10 << 20, 1_024])
    }

    @Test func whatCannotBeAnUploadIsRefused() async throws {
        let room = try Warehouse {
            $0.fileByteCountMax = 1_000
            $0.chunkCountMax = 9
        }
        await #expect(throws: UploadError.invalidByteCount(-1)) {
            try await room.store.begin(fileName: "x", byteCount: -1)
        }
        await #expect(throws: UploadError.fileTooLarge(byteCount: 1_001, byteCountMax: 1_000)) {
            try await room.store.begin(fileName: "x", byteCount: 1_001)
        }
        await #expect(throws: UploadError.tooManyChunks(count: 10, countMax: 9)) {
            try await room.store.begin(fileName: "x", byteCount: 91, chunkByteCount: 10)
        }
        for name in ["", String(repeating: "ü", count: 513)] {
            await #expect(throws: UploadError.invalidFileName) {
                try await room.store.begin(fileName: name, byteCount: 1)
            }
        }
        #expect(try room.disk.list("data/uploads").isEmpty)
    }

    @Test func moreThanFitsOnTheDiskIsRefusedAtOnce() async throws {
        let room = try Warehouse()
        room.disk.byteCountMax = 10_000
        await #expect(throws: UploadError.storage(.disk(DiskError(call: .statvfs, path: "data/uploads", code: ENOSPC))))
        {
            try await room.begin(10_001)
        }
        #expect(try room.disk.list("data/uploads").isEmpty)
        _ = try await room.begin(9_000)
    }

    @Test func onlySoManyUploadsAreUnfinished() async throws {
        let room = try Warehouse { $0.unfinishedUploadCountMax = 2 }
        let first = try await room.begin(0)
        _ = try await room.begin(1)
        await #expect(throws: UploadError.tooManyUploads(countMax: 2)) { try await room.begin(1) }
        _ = try await room.store.complete(first)
        _ = try await room.store.claim(first)
        _ = try await room.begin(1)
    }

    @Test(arguments: ["", "x", "../../x", "7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f"])
    func unknownAndMalformedIDsAreUnknown(_ id: String) async throws {
        let room = try Warehouse()
        await #expect(throws: UploadError.unknownUpload) { try await room.store.status(id) }
        await #expect(throws: UploadError.unknownUpload) { try await room.store.receive(id, chunk: 0) }
        await #expect(throws: UploadError.unknownUpload) { try await room.store.complete(id) }
        await #expect(throws: UploadError.unknownUpload) { try await room.store.abort(id) }
        await #expect(throws: UploadError.unknownToken) { try await room.store.claim(id) }
        await #expect(throws: UploadError.unknownBlob) { try await room.store.open(id) }
        await #expect(throws: UploadError.unknownBlob) { try await room.store.remove(id) }
    }

    @Test func completingTooEarlyNamesWhatIsMissing() async throws {
        let room = try Warehouse()
        let id = try await room.begin(3_000)
        try await room.send(mixedBytes(count: 1_000), to: id, chunk: 0)
        await #expect(throws: UploadError.incomplete(received: 1_000, expected: 3_000)) {
            try await room.store.complete(id)
        }
        await #expect(throws: UploadError.unknownToken) { try await room.store.claim(id) }
        try await room.send(mixedBytes(count: 2_000), to: id, chunk: 1)
        #expect(try await room.store.complete(id).byteCount == 3_000)
    }

    @Test func completingAgainAnswersTheSame() async throws {
        let room = try Warehouse()
        let answer = try await room.upload(mixedBytes(count: 5_000))
        room.clock.advance(by: .seconds(60))
        #expect(try await room.store.complete(answer.token) == answer)
        let next = try room.afterKill()
        #expect(try await next.store.complete(answer.token) == answer)
        await #expect(throws: UploadError.alreadyComplete) { try await next.store.receive(answer.token, chunk: 2) }
        let status = try await next.store.status(answer.token)
        #expect(status.isComplete && status.durableByteCount == 5_000 && status.nextChunkIndex == 2)
    }

    @Test func aTokenIsGoodForOneClaim() async throws {
        let room = try Warehouse()
        let token = try await room.upload(mixedBytes(count: 5_000)).token
        #expect(try await room.store.claim(token).blobID == token)
        await #expect(throws: UploadError.unknownToken) { try await room.store.claim(token) }
        await #expect(throws: UploadError.unknownUpload) { try await room.store.complete(token) }
        let next = try room.afterKill()
        await #expect(throws: UploadError.unknownToken) { try await next.store.claim(token) }
        #expect(try await next.content(of: token) == mixedBytes(count: 5_000))
    }

    @Test func anAbortedUploadIsGone() async throws {
        let room = try Warehouse()
        let unfinished = try await room.begin(100)
        let complete = try await room.upload(mixedBytes(count: 100)).token
        for id in [unfinished, complete] {
            try await room.store.abort(id)
            await #expect(throws: UploadError.unknownUpload) { try await room.store.status(id) }
        }
        let next = try room.afterPowerCut(keeping: .nothing)
        #expect(try next.disk.list("data/uploads").isEmpty)
    }

    @Test func aRemovedBlobIsGoneButStaysReadableWhereItIsOpen() async throws {
        let room = try Warehouse()
        let content = mixedBytes(count: 900)
        let blob = try await room.store.claim(try await room.upload(content).token)
        let reader = try await room.store.open(blob.blobID)
        try await room.store.remove(blob.blobID)
        await #expect(throws: UploadError.unknownBlob) { try await room.store.open(blob.blobID) }
        #expect(try reader.frame(0) == content)
        let next = try room.afterPowerCut(keeping: .nothing)
        await #expect(throws: UploadError.unknownBlob) { try await next.store.open(blob.blobID) }
    }

    @Test func aClosedStoreRefusesEverything() async throws {
        let room = try Warehouse()
        let id = try await room.begin(2_000)
        try await room.send(mixedBytes(count: 1_000), to: id, chunk: 0)
        await room.store.close()
        await #expect(throws: UploadError.storage(.closed)) { try await room.begin(1) }
        await #expect(throws: UploadError.storage(.closed)) { try await room.store.receive(id, chunk: 1) }
        let next = try room.afterPowerCut(keeping: .nothing)
        #expect(try await next.store.status(id).durableByteCount == 1_000, "closing makes durable what was received")
        #expect(room.disk.openDescriptorCount == 0)
    }

    @Test func manyUploadsAtOnceComeBackEachAsItWas() async throws {
        let room = try Warehouse()
        try await withThrowingTaskGroup { group in
            for number in 0..<24 {
                group.addTask {
                    let content = mixedBytes(count: 20_000 + number, seed: UInt64(number))
                    let token = try await room.upload(content, chunkByteCount: 2_500 + number).token
                    let blob = try await room.store.claim(token)
                    #expect(try await room.content(of: blob.blobID) == content, "upload \(number)")
                }
            }
            try await group.waitForAll()
        }
        #expect(try room.violations().isEmpty)
        #expect(try room.disk.list("data/uploads").isEmpty)
    }
}
