import Blobs
import TestSupport
import Testing

struct ChunkReceiverTests {
    let fixture: UploadFixture
    let content = mixedBytes(count: 9_000)

    init() throws {
        fixture = try UploadFixture { $0.chunkByteCountMax = 5_000 }
    }

    /// Completes and claims the upload, and expects the sent content.
    private func expectContent(of id: String) async throws {
        _ = try await fixture.store.upload(id).complete()
        #expect(
            try await fixture.content(of: fixture.store.claim(id).blobID) == content,
            "SEED=\(SeededGenerator.runSeed)"
        )
        #expect(try fixture.violations().isEmpty)
    }

    @Test func cancelledChunkDoesNotCount() async throws {
        let id = try await fixture.begin(9_000)
        try await fixture.send(content[..<3_000], to: id, chunk: 0)
        let byteCount = fixture.disk.bytes(of: "data/uploads/\(id)/data.part")?.count
        for count in [0, 1, 1_023, 1_024, 2_500, 5_000] {
            let receiver = try await fixture.store.upload(id).receive(chunk: 1)
            try await receiver.take([UInt8](repeating: 9, count: count))
            await receiver.cancel()
            #expect(try await fixture.store.upload(id).status.receivedByteCount == 3_000)
            #expect(fixture.disk.bytes(of: "data/uploads/\(id)/data.part")?.count == byteCount, "no byte of it remains")
        }
        try await fixture.send(content[3_000..<8_000], to: id, chunk: 1)
        try await fixture.send(content[8_000...], to: id, chunk: 2)
        try await expectContent(of: id)
    }

    @Test func deallocatedReceiverIsCancelled() async throws {
        let id = try await fixture.begin(9_000)
        do {
            let receiver = try await fixture.store.upload(id).receive(chunk: 0)
            try await receiver.take([UInt8](repeating: 9, count: 4_000))
        }
        // The chunk is cancelled in the background; until then the upload is busy.
        var isTaken = false
        for _ in 0..<100_000 where !isTaken {
            do {
                try await fixture.send(content[..<5_000], to: id, chunk: 0)
                isTaken = true
            } catch UploadError.busy {
                await Task.yield()
            }
        }
        try #require(isTaken)
        try await fixture.send(content[5_000...], to: id, chunk: 1)
        try await expectContent(of: id)
    }

    @Test func lastChunkCanBeRepeated() async throws {
        let id = try await fixture.begin(9_000)
        try await fixture.send(content[..<5_000], to: id, chunk: 0)
        let again = try await fixture.send(content[..<5_000], to: id, chunk: 0)
        #expect(again.index == 0 && again.byteCount == 5_000 && again.receivedByteCount == 5_000)
        try await fixture.send(content[5_000...], to: id, chunk: 1)
        #expect(try await fixture.send(content[5_000...], to: id, chunk: 1).receivedByteCount == 9_000)
        await #expect(throws: UploadError.outOfOrder(expected: 2, received: 0)) {
            try await fixture.send(content[..<5_000], to: id, chunk: 0)
        }
        try await expectContent(of: id)
    }

    @Test func repeatedChunkWithOtherBytesIsOutOfOrder() async throws {
        let id = try await fixture.begin(9_000)
        try await fixture.send(content[..<5_000], to: id, chunk: 0)
        var other = Array(content[..<5_000])
        other[4_999] ^= 1
        for bytes in [other, Array(content[..<4_999]), []] {
            await #expect(throws: UploadError.outOfOrder(expected: 1, received: 0)) {
                try await fixture.send(bytes, to: id, chunk: 0)
            }
        }
        try await fixture.send(content[5_000...], to: id, chunk: 1)
        try await expectContent(of: id)
    }

    @Test func chunkOutOfOrderIsRefused() async throws {
        let id = try await fixture.begin(9_000)
        await #expect(throws: UploadError.outOfOrder(expected: 0, received: 1)) {
            try await fixture.store.upload(id).receive(chunk: 1)
        }
        await #expect(throws: UploadError.outOfOrder(expected: 0, received: -1)) {
            try await fixture.store.upload(id).receive(chunk: -1)
        }
        let receiver = try await fixture.store.upload(id).receive(chunk: 0)
        await #expect(throws: UploadError.busy) { try await fixture.store.upload(id).receive(chunk: 1) }
        await #expect(throws: UploadError.busy) { try await fixture.store.upload(id).complete() }
        await receiver.cancel()
    }

    @Test func excessBytesAreRefused() async throws {
        let id = try await fixture.begin(9_000)
        await #expect(throws: UploadError.chunkTooLarge(byteCountMax: 5_000)) {
            try await fixture.send([UInt8](repeating: 1, count: 5_001), to: id, chunk: 0)
        }
        try await fixture.send(content[..<5_000], to: id, chunk: 0)
        await #expect(throws: UploadError.tooManyBytes(byteCountMax: 9_000)) {
            try await fixture.send([UInt8](repeating: 1, count: 4_001), to: id, chunk: 1)
        }
        try await fixture.send(content[5_000...], to: id, chunk: 1)
        try await expectContent(of: id)
    }

    @Test func chunkWithAnotherChecksumDoesNotCount() async throws {
        let id = try await fixture.begin(5)
        let sha256 = "bb1f515802c8728dc842cbda8781a589df3914490b3e938173586db1795f0146"
        for wrong in [ChunkChecksum.sha256("00" + sha256.dropFirst(2)), .xxh3_128(String(repeating: "0", count: 32))] {
            let receiver = try await fixture.store.upload(id).receive(chunk: 0, expecting: wrong)
            try await receiver.take(Array("Ledge".utf8))
            await #expect(throws: UploadError.checksumMismatch) { try await receiver.finish() }
        }
        #expect(try await fixture.store.upload(id).status.receivedByteCount == 0)
        let receiver = try await fixture.store.upload(id).receive(chunk: 0, expecting: .sha256(sha256))
        try await receiver.take(Array("Ledge".utf8))
        #expect(try await receiver.finish().receivedByteCount == 5)
        let again = try await fixture.store.upload(id).receive(
            chunk: 0,
            expecting: .xxh3_128("382ab298b2047903f0634680b198f863")
        )
        try await again.take(Array("Ledge".utf8))
        #expect(try await again.finish().index == 0)
    }

    /// A dead connection does not hold the upload: the newest request for a chunk receives it.
    @Test func newerRequestReplacesTheOlderOfTheSameChunk() async throws {
        let id = try await fixture.begin(9_000)
        try await fixture.send(content[..<3_000], to: id, chunk: 0)
        let byteCount = fixture.disk.bytes(of: "data/uploads/\(id)/data.part")?.count
        for count in [0, 1, 1_023, 1_024, 2_500, 5_000] {
            let older = try await fixture.store.upload(id).receive(chunk: 1)
            try await older.take([UInt8](repeating: 9, count: count))
            let newer = try await fixture.store.upload(id).receive(chunk: 1)
            #expect(fixture.disk.bytes(of: "data/uploads/\(id)/data.part")?.count == byteCount, "no byte of it remains")
            await #expect(throws: UploadError.superseded) { try await older.take([9]) }
            await #expect(throws: UploadError.superseded) { try await older.finish() }
            try await newer.take(Array(content[3_000..<5_000]))
            await older.cancel()
            try await newer.take(Array(content[5_000..<6_000]))
            await newer.cancel()
        }
        let older = try await fixture.store.upload(id).receive(chunk: 1)
        try await older.take([UInt8](repeating: 9, count: 4_000))
        try await fixture.send(content[3_000..<8_000], to: id, chunk: 1)
        await older.cancel()
        try await fixture.send(content[8_000...], to: id, chunk: 2)
        try await expectContent(of: id)
    }

    /// The bytes of a superseded request are not found by the next process either.
    @Test(arguments: [false, true]) func processEndAfterASupersededRequest(isNewerFinished: Bool) async throws {
        let id = try await fixture.begin(9_000)
        try await fixture.send(content[..<3_000], to: id, chunk: 0)
        let older = try await fixture.store.upload(id).receive(chunk: 1)
        try await older.take([UInt8](repeating: 9, count: 4_000))
        let newer = try await fixture.store.upload(id).receive(chunk: 1)
        try await newer.take(Array(content[3_000..<6_000]))
        if isNewerFinished { _ = try await newer.finish() }
        let next = try fixture.afterKill()
        let start = isNewerFinished ? 6_000 : 3_000
        #expect(try await next.store.upload(id).status.receivedByteCount == start)
        try await next.send(content[start...].prefix(5_000), to: id, chunk: isNewerFinished ? 2 : 1)
        if !isNewerFinished { try await next.send(content[8_000...], to: id, chunk: 2) }
        _ = try await next.store.upload(id).complete()
        #expect(try await next.content(of: next.store.claim(id).blobID) == content)
    }

    /// Clients that send the same chunk at once: one of them stores it completely, or the next repetition does.
    @Test func chunkOfManyRequestsIsThatOfOne() async throws {
        let id = try await fixture.begin(9_000)
        for (index, part) in [0..<5_000, 5_000..<9_000].enumerated() {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { [fixture, content] in
                        do {
                            try await fixture.send(content[part], to: id, chunk: index)
                        } catch {
                            #expect(error as? UploadError == .superseded)
                        }
                    }
                }
            }
            try await fixture.send(content[part], to: id, chunk: index)
        }
        try await expectContent(of: id)
    }

    /// The last chunk again, on a connection that is dead, does not keep the upload from being completed.
    @Test func completingReplacesARepeatedChunk() async throws {
        let id = try await fixture.begin(9_000)
        try await fixture.send(content, inChunksOf: 5_000, to: id)
        let older = try await fixture.store.upload(id).receive(chunk: 1)
        try await older.take(Array(content[5_000..<7_000]))
        try await expectContent(of: id)
        await #expect(throws: UploadError.unknownUpload) { try await older.take([1]) }
    }

    @Test func abortDiscardsTheArrivingChunk() async throws {
        let id = try await fixture.begin(9_000)
        let receiver = try await fixture.store.upload(id).receive(chunk: 0)
        try await receiver.take(Array(content[..<3_000]))
        try await fixture.store.abort(id)
        await #expect(throws: UploadError.unknownUpload) { try await receiver.finish() }
        #expect(!fixture.disk.paths.contains { $0.contains(id) })
    }

    @Test func chunksCanHaveAnyLength() async throws {
        let id = try await fixture.begin(9_000)
        var generator = SeededGenerator()
        var start = 0
        var index = 0
        while start < content.count {
            let end = min(content.count, start + Int.random(in: 0...3_000, using: &generator))
            try await fixture.send(content[start..<end], to: id, chunk: index)
            start = end
            index += 1
        }
        #expect(try await fixture.store.upload(id).status.nextChunkIndex == index)
        try await expectContent(of: id)
    }
}
