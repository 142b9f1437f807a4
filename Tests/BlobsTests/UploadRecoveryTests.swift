import Blobs
import Disk
import TestSupport
import Testing

/// State is derived from disk: a new process finds every upload where its files stand.
struct UploadRecoveryTests {
    let room: Warehouse
    let id: String
    let content = mixedBytes(count: 12_000)

    init() async throws {
        room = try Warehouse()
        id = try await room.begin(12_000)
    }

    /// Sends what is missing in chunks of 3,000 and expects the whole to be what was meant.
    private func goOn(_ id: String, in room: Warehouse) async throws {
        let status = try await room.store.status(id)
        var index = status.nextChunkIndex
        #expect(status.receivedByteCount == Int64(index) * 3_000)
        #expect(status.durableByteCount == status.receivedByteCount, "what recovery reports is durable")
        while index < 4 {
            try await room.send(content[index * 3_000..<(index + 1) * 3_000], to: id, chunk: index)
            index += 1
        }
        _ = try await room.store.complete(id)
        _ = try await room.store.claim(id)
        #expect(try await room.content(of: id) == content, "SEED=\(SeededGenerator.runSeed)")
        #expect(try room.violations().isEmpty)
    }

    @Test(arguments: 0...4)
    func everyAnsweredChunkSurvivesTheProcess(_ chunkCount: Int) async throws {
        try await room.send(Array(content[..<(chunkCount * 3_000)]), inChunksOf: 3_000, to: id)
        let next = try room.afterKill()
        #expect(try await next.store.status(id).nextChunkIndex == chunkCount)
        try await goOn(id, in: next)
    }

    @Test func aChunkThatWasArrivingIsForgotten() async throws {
        try await room.send(content[..<3_000], to: id, chunk: 0)
        let receiver = try await room.store.receive(id, chunk: 1)
        try await receiver.take([UInt8](repeating: 3, count: 2_500))
        let next = try room.afterKill()
        #expect(try await next.store.status(id).nextChunkIndex == 1)
        try await goOn(id, in: next)
        await receiver.cancel()
    }

    @Test func theLastChunkMayComeAgainAfterARestart() async throws {
        try await room.send(content[..<3_000], to: id, chunk: 0)
        let next = try room.afterKill()
        #expect(try await next.send(content[..<3_000], to: id, chunk: 0).receivedByteCount == 3_000)
        await #expect(throws: UploadError.outOfOrder(expected: 1, received: 0)) {
            try await next.send(content[1..<3_001], to: id, chunk: 0)
        }
    }

    @Test func aPowerCutWithNothingSyncedLeavesTheUploadAtItsStart() async throws {
        try await room.send(content[..<3_000], to: id, chunk: 0)
        #expect(try await room.store.status(id).durableByteCount == 0)
        let next = try room.afterPowerCut(keeping: .nothing)
        #expect(try await next.store.status(id).nextChunkIndex == 0)
        try await goOn(id, in: next)
    }

    @Test(arguments: 1...40)
    func whateverAPowerCutLeavesIsGoneOnWith(_ number: Int) async throws {
        try await room.send(Array(content[..<9_000]), inChunksOf: 3_000, to: id)
        let next = try room.afterPowerCut(keeping: .some(seed: SeededGenerator.runSeed &+ UInt64(number)))
        try await goOn(id, in: next)
    }

    @Test func everyTruncationOfTheJournalKeepsTheChunksBeforeIt() async throws {
        try await room.send(Array(content[..<9_000]), inChunksOf: 3_000, to: id)
        let journal = "data/uploads/\(id)/journal.jsonl"
        let bytes = try #require(room.disk.bytes(of: journal))
        let lineEnds = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
        for length in lineEnds[0]...bytes.count {
            let disk = room.disk.copy()
            try disk.replaceBytes(of: journal, with: Array(bytes.prefix(length)))
            let next = try Warehouse(on: disk, clock: room.clock)
            let whole = lineEnds.filter { $0 <= length }.count - 1
            #expect(try await next.store.status(id).nextChunkIndex == whole, "\(length) bytes")
            #expect(disk.bytes(of: journal)?.count == lineEnds[whole], "the torn line is cut off")
        }
    }

    @Test func everyFlippedByteOfTheDataKeepsTheChunksBeforeIt() async throws {
        try await room.send(Array(content[..<6_000]), inChunksOf: 3_000, to: id)
        let data = "data/uploads/\(id)/data.part"
        let count = try #require(room.disk.bytes(of: data)).count
        for offset in stride(from: 0, to: count, by: 97) {
            let disk = room.disk.copy()
            try disk.damage(data) { $0[offset] ^= 0x10 }
            let next = try Warehouse(on: disk, clock: room.clock)
            try await goOn(id, in: next)
        }
    }

    @Test func aCompleteUploadSurvivesThePower() async throws {
        try await room.send(content, inChunksOf: 3_000, to: id)
        let answer = try await room.store.complete(id)
        let next = try room.afterPowerCut(keeping: .nothing)
        #expect(try await next.store.complete(id) == answer)
        _ = try await next.store.claim(id)
        #expect(try await next.content(of: id) == content)
    }

    @Test func aCompleteUploadWithADamagedTailIsCorrupt() async throws {
        try await room.send(content, inChunksOf: 3_000, to: id)
        _ = try await room.store.complete(id)
        let path = "data/uploads/\(id)/complete.zst"
        try room.disk.damage(path) { $0[$0.count - 30] ^= 1 }
        let next = try room.afterKill()
        await #expect {
            try await next.store.claim(id)
        } throws: { error in
            guard case .storage(.corrupt(let violation)) = error as? UploadError else { return false }
            return violation.path == path
        }
    }

    @Test func manyTouchesAtOnceRecoverOnce() async throws {
        try await room.send(content[..<3_000], to: id, chunk: 0)
        let next = try room.afterKill()
        try await withThrowingTaskGroup(of: UploadStatus.self) { group in
            for _ in 0..<20 { group.addTask { try await next.store.status(id) } }
            for try await status in group { #expect(status.nextChunkIndex == 1) }
        }
        #expect(next.disk.openDescriptorCount == 2)
    }
}
