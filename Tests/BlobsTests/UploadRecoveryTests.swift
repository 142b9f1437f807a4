import Blobs
import Disk
import TestSupport
import Testing

/// The state is derived from the disk: a new process continues every upload from its files.
struct UploadRecoveryTests {
    let fixture: UploadFixture
    let id: String
    let content = mixedBytes(count: 12_000)

    init() async throws {
        fixture = try UploadFixture()
        id = try await fixture.begin(12_000)
    }

    /// Sends the missing bytes in chunks of 3,000 and expects the complete content.
    private func goOn(_ id: String, in fixture: UploadFixture) async throws {
        let status = try await fixture.store.upload(id).status
        var index = status.nextChunkIndex
        #expect(status.receivedByteCount == Int64(index) * 3_000)
        #expect(status.durableByteCount == status.receivedByteCount, "what recovery reports is durable")
        while index < 4 {
            try await fixture.send(content[index * 3_000..<(index + 1) * 3_000], to: id, chunk: index)
            index += 1
        }
        _ = try await fixture.store.upload(id).complete()
        _ = try await fixture.store.claim(id)
        #expect(try await fixture.content(of: id) == content, "SEED=\(SeededGenerator.runSeed)")
        #expect(try fixture.violations().isEmpty)
    }

    @Test(arguments: 0...4)
    func acknowledgedChunksSurviveTheProcess(_ chunkCount: Int) async throws {
        try await fixture.send(Array(content[..<(chunkCount * 3_000)]), inChunksOf: 3_000, to: id)
        let next = try fixture.afterKill()
        #expect(try await next.store.upload(id).status.nextChunkIndex == chunkCount)
        try await goOn(id, in: next)
    }

    @Test func arrivingChunkIsDiscardedByACrash() async throws {
        try await fixture.send(content[..<3_000], to: id, chunk: 0)
        let receiver = try await fixture.store.upload(id).receive(chunk: 1)
        try await receiver.take([UInt8](repeating: 3, count: 2_500))
        let next = try fixture.afterKill()
        #expect(try await next.store.upload(id).status.nextChunkIndex == 1)
        try await goOn(id, in: next)
        await receiver.cancel()
    }

    @Test func lastChunkCanBeRepeatedAfterARestart() async throws {
        try await fixture.send(content[..<3_000], to: id, chunk: 0)
        let next = try fixture.afterKill()
        #expect(try await next.send(content[..<3_000], to: id, chunk: 0).receivedByteCount == 3_000)
        await #expect(throws: UploadError.outOfOrder(expected: 1, received: 0)) {
            try await next.send(content[1..<3_001], to: id, chunk: 0)
        }
    }

    @Test func powerCutBeforeTheFirstSyncLeavesAnEmptyUpload() async throws {
        try await fixture.send(content[..<3_000], to: id, chunk: 0)
        #expect(try await fixture.store.upload(id).status.durableByteCount == 0)
        let next = try fixture.afterPowerCut(keeping: .nothing)
        #expect(try await next.store.upload(id).status.nextChunkIndex == 0)
        try await goOn(id, in: next)
    }

    @Test(arguments: 1...40)
    func uploadContinuesAfterAnyPowerCut(_ number: Int) async throws {
        try await fixture.send(Array(content[..<9_000]), inChunksOf: 3_000, to: id)
        let next = try fixture.afterPowerCut(keeping: .some(seed: SeededGenerator.runSeed &+ UInt64(number)))
        try await goOn(id, in: next)
    }

    @Test func everyTruncationOfTheJournalKeepsTheChunksBeforeIt() async throws {
        try await fixture.send(Array(content[..<9_000]), inChunksOf: 3_000, to: id)
        let journal = "data/uploads/\(id)/journal.jsonl"
        let bytes = try #require(fixture.disk.bytes(of: journal))
        let lineEnds = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
        for length in lineEnds[0]...bytes.count {
            let disk = fixture.disk.copy()
            try disk.replaceBytes(of: journal, with: Array(bytes.prefix(length)))
            let next = try UploadFixture(on: disk, clock: fixture.clock)
            let whole = lineEnds.filter { $0 <= length }.count - 1
            #expect(try await next.store.upload(id).status.nextChunkIndex == whole, "\(length) bytes")
            #expect(disk.bytes(of: journal)?.count == lineEnds[whole], "the torn line is cut off")
        }
    }

    @Test func everyFlippedByteOfTheDataKeepsTheChunksBeforeIt() async throws {
        try await fixture.send(Array(content[..<6_000]), inChunksOf: 3_000, to: id)
        let data = "data/uploads/\(id)/data.part"
        let count = try #require(fixture.disk.bytes(of: data)).count
        for offset in stride(from: 0, to: count, by: 97) {
            let disk = fixture.disk.copy()
            try disk.damage(data) { $0[offset] ^= 0x10 }
            let next = try UploadFixture(on: disk, clock: fixture.clock)
            try await goOn(id, in: next)
        }
    }

    @Test func completeUploadSurvivesAPowerCut() async throws {
        try await fixture.send(content, inChunksOf: 3_000, to: id)
        let answer = try await fixture.store.upload(id).complete()
        let next = try fixture.afterPowerCut(keeping: .nothing)
        #expect(try await next.store.upload(id).complete() == answer)
        _ = try await next.store.claim(id)
        #expect(try await next.content(of: id) == content)
    }

    @Test func completeUploadWithADamagedTailIsCorrupt() async throws {
        try await fixture.send(content, inChunksOf: 3_000, to: id)
        _ = try await fixture.store.upload(id).complete()
        let path = "data/uploads/\(id)/complete.zst"
        try fixture.disk.damage(path) { $0[$0.count - 30] ^= 1 }
        let next = try fixture.afterKill()
        await #expect {
            try await next.store.claim(id)
        } throws: { error in
            guard case .storage(.corrupt(let violation)) = error as? UploadError else { return false }
            return violation.path == path
        }
    }

    @Test func concurrentRequestsRecoverOnce() async throws {
        try await fixture.send(content[..<3_000], to: id, chunk: 0)
        let next = try fixture.afterKill()
        try await withThrowingTaskGroup(of: UploadStatus.self) { group in
            for _ in 0..<20 { group.addTask { try await next.store.upload(id).status } }
            for try await status in group { #expect(status.nextChunkIndex == 1) }
        }
        #expect(next.disk.openDescriptorCount == 2)
    }
}
