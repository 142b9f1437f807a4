import Blobs
import Disk
import TestSupport
import Testing
import Zstd

/// Damaged content is never served.
struct BlobDamageTests {
    @Test func everyFlippedBitOfABlobIsFoundByCheck() async throws {
        let fixture = try UploadFixture()
        let content = mixedBytes(count: 2_500)
        let blob = try await fixture.store.claim(try await fixture.upload(content, chunkByteCount: 2_000).token)
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        let bitCount = try #require(fixture.disk.bytes(of: path)).count * 8
        #expect(try fixture.violations().isEmpty)
        for bit in 0..<bitCount {
            try fixture.disk.flipBit(bit, of: path)
            let violations = try fixture.violations()
            #expect(!violations.isEmpty, "bit \(bit) of \(bitCount), SEED=\(SeededGenerator.runSeed)")
            #expect(violations.allSatisfy { $0.path == path })
            try fixture.disk.flipBit(bit, of: path)
        }
    }

    @Test func noFlippedBitOfABlobIsServed() async throws {
        let fixture = try UploadFixture()
        let content = mixedBytes(count: 2_500)
        let blob = try await fixture.store.claim(try await fixture.upload(content, chunkByteCount: 2_000).token)
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        let bitCount = try #require(fixture.disk.bytes(of: path)).count * 8
        for bit in 0..<bitCount {
            try fixture.disk.flipBit(bit, of: path)
            do {
                let served = try await fixture.content(of: blob.blobID)
                #expect(served == content, "bit \(bit), SEED=\(SeededGenerator.runSeed)")
            } catch {
                // Opening a blob throws UploadError, reading a frame throws StorageError.
                let failure = error as? StorageError ?? (error as? UploadError)?.storageError
                #expect(failure?.isCorrupt == true, "bit \(bit): \(error)")
            }
            try fixture.disk.flipBit(bit, of: path)
        }
    }

    @Test func everyTruncationOfABlobIsCorrupt() async throws {
        let fixture = try UploadFixture()
        let blob = try await fixture.store.claim(try await fixture.upload(mixedBytes(count: 1_500)).token)
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        let bytes = try #require(fixture.disk.bytes(of: path))
        for length in 0..<bytes.count {
            try fixture.disk.replaceBytes(of: path, with: Array(bytes.prefix(length)))
            await #expect(throws: UploadError.self, "\(length) bytes") { try await fixture.store.open(blob.blobID) }
        }
    }

    @Test func blobUnderAnotherIDIsCorrupt() async throws {
        let fixture = try UploadFixture()
        let first = try await fixture.store.claim(try await fixture.upload(mixedBytes(count: 100)).token)
        let second = try await fixture.store.claim(try await fixture.upload(mixedBytes(count: 100)).token)
        func path(_ id: String) -> String { "data/blobs/\(id.prefix(2))/\(id).zst" }
        try fixture.disk.replaceBytes(
            of: path(second.blobID),
            with: try #require(fixture.disk.bytes(of: path(first.blobID)))
        )
        await #expect(throws: UploadError.self) { try await fixture.store.open(second.blobID) }
        #expect(try fixture.violations().map(\.reason) == [.blob(.metadata)])
    }

    @Test func compensatingErrorsOfTheSeekTableAreFound() async throws {
        let fixture = try UploadFixture()
        var generator = SeededGenerator()
        let blob = try await fixture.store.claim(try await fixture.upload(generator.bytes(count: 3_000)).token)
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        let table = SeekTable(
            frames: Array(repeating: .init(storedByteCount: 0, contentByteCount: 0, checksum: 0), count: 4)
        ).bytes.count
        for field in [8, 12] {
            // One frame a byte longer, the next one a byte shorter: all sums are unchanged.
            func change(_ sign: UInt8) throws {
                try fixture.disk.damage(path) { bytes in
                    let entry = bytes.count - table + field
                    bytes[entry] &+= sign
                    bytes[entry + 12] &-= sign
                }
            }
            try change(1)
            await #expect(throws: UploadError.self, "field \(field)") { try await fixture.store.open(blob.blobID) }
            try change(255)
            _ = try await fixture.store.open(blob.blobID)
        }
    }

    @Test func everyDamagedFrameIsReported() async throws {
        let fixture = try UploadFixture()
        var generator = SeededGenerator()
        let frame = UploadFixture.frameByteCount
        let blob = try await fixture.store.claim(try await fixture.upload(generator.bytes(count: 4 * frame)).token)
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        try fixture.disk.damage(path) { bytes in
            bytes[500] ^= 1
            bytes[2 * frame + 500] ^= 1
        }
        #expect(try fixture.violations().map(\.reason) == [.blob(.frame), .blob(.frame)])
        #expect(try fixture.violations().map(\.offset).first == 0)
        let reader = try await fixture.store.open(blob.blobID)
        #expect(throws: StorageError.self) { try reader.frame(0) }
        #expect(try reader.frame(1).count == 3_000 - 2 * frame || reader.frame(1).count == frame)
    }

    @Test func swappedFramesAreNotServed() async throws {
        let fixture = try UploadFixture()
        var generator = SeededGenerator()
        let blob = try await fixture.store.claim(
            try await fixture.upload(generator.bytes(count: 2 * UploadFixture.frameByteCount)).token
        )
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        // Frames of noise are equally long, so that only their checksums distinguish them.
        let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        let stored = try #require(fixture.disk.bytes(of: path))
        let second = try #require((4..<stored.count - 4).first { Array(stored[$0..<$0 + 4]) == magic })
        try fixture.disk.damage(path) { bytes in
            for index in 0..<second {
                bytes[index] = stored[second + index]
                bytes[second + index] = stored[index]
            }
        }
        #expect(try fixture.violations().map(\.reason).contains(.blob(.frameChecksum)))
        let reader = try await fixture.store.open(blob.blobID)
        #expect(throws: StorageError.self) { try reader.frame(0) }
        #expect(throws: StorageError.self) { try reader.frame(1) }
    }

    @Test func damagedDurableChunkIsFound() async throws {
        var fixture = try UploadFixture()
        let id = try await fixture.begin(10_000)
        try await fixture.send(mixedBytes(count: 2_000), to: id, chunk: 0)
        // Recovery syncs what it finds, and the next line records that.
        fixture = try fixture.afterKill()
        try await fixture.send(mixedBytes(count: 2_000), to: id, chunk: 1)
        #expect(try fixture.violations().isEmpty)
        let data = "data/uploads/\(id)/data.part"
        try fixture.disk.flipBit(8 * 40, of: data)
        #expect(try fixture.violations().map(\.path) == [data])
        try fixture.disk.flipBit(8 * 40, of: data)
        let journal = "data/uploads/\(id)/journal.jsonl"
        for offset in [40, 300] {
            try fixture.disk.flipBit(8 * offset, of: journal)
            #expect(try fixture.violations().map(\.path) == [journal])
            try fixture.disk.flipBit(8 * offset, of: journal)
        }
    }

    @Test func effectOfAPowerCutIsNoDamage() async throws {
        let fixture = try UploadFixture()
        let id = try await fixture.begin(10_000)
        try await fixture.send(mixedBytes(count: 2_000), to: id, chunk: 0)
        try fixture.disk.flipBit(8 * 40, of: "data/uploads/\(id)/data.part")
        #expect(try fixture.violations().isEmpty)
        #expect(try await fixture.afterKill().store.upload(id).status.receivedByteCount == 0)
    }

    @Test func otherFilesAreReportedWithoutChange() async throws {
        let fixture = try UploadFixture()
        for path in ["data/blobs/zz.txt", "data/uploads/note"] { _ = try File(path, .create, on: fixture.disk) }
        #expect(try fixture.violations().map(\.reason) == [.blob(.unexpectedEntry), .blob(.unexpectedEntry)])
        _ = try fixture.afterKill()
        #expect(fixture.disk.paths.contains("data/uploads/note"))
    }
}
