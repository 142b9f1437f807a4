import Blobs
import Disk
import TestSupport
import Testing
import Zstd

/// Nothing wrong is ever served.
struct BlobDamageTests {
    @Test func everyFlippedBitOfABlobIsFoundByCheck() async throws {
        let room = try Warehouse()
        let content = mixedBytes(count: 2_500)
        let blob = try await room.store.claim(try await room.upload(content, chunkByteCount: 2_000).token)
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        let bitCount = try #require(room.disk.bytes(of: path)).count * 8
        #expect(try room.violations().isEmpty)
        for bit in 0..<bitCount {
            try room.disk.flipBit(bit, of: path)
            let violations = try room.violations()
            #expect(!violations.isEmpty, "bit \(bit) of \(bitCount), SEED=\(SeededGenerator.runSeed)")
            #expect(violations.allSatisfy { $0.path == path })
            try room.disk.flipBit(bit, of: path)
        }
    }

    @Test func noFlippedBitOfABlobIsServed() async throws {
        let room = try Warehouse()
        let content = mixedBytes(count: 2_500)
        let blob = try await room.store.claim(try await room.upload(content, chunkByteCount: 2_000).token)
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        let bitCount = try #require(room.disk.bytes(of: path)).count * 8
        for bit in 0..<bitCount {
            try room.disk.flipBit(bit, of: path)
            do {
                let served = try await room.content(of: blob.blobID)
                #expect(served == content, "bit \(bit), SEED=\(SeededGenerator.runSeed)")
            } catch let error as UploadError {
                guard error.isCorrupt else {
                    Issue.record("bit \(bit): \(error)")
                    continue
                }
            }
            try room.disk.flipBit(bit, of: path)
        }
    }

    @Test func everyTruncationOfABlobIsCorrupt() async throws {
        let room = try Warehouse()
        let blob = try await room.store.claim(try await room.upload(mixedBytes(count: 1_500)).token)
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        let bytes = try #require(room.disk.bytes(of: path))
        for length in 0..<bytes.count {
            try room.disk.replaceBytes(of: path, with: Array(bytes.prefix(length)))
            await #expect(throws: UploadError.self, "\(length) bytes") { try await room.store.open(blob.blobID) }
        }
    }

    @Test func aBlobUnderAnotherIDIsCorrupt() async throws {
        let room = try Warehouse()
        let first = try await room.store.claim(try await room.upload(mixedBytes(count: 100)).token)
        let second = try await room.store.claim(try await room.upload(mixedBytes(count: 100)).token)
        func path(_ id: String) -> String { "data/blobs/\(id.prefix(2))/\(id).zst" }
        try room.disk.replaceBytes(
            of: path(second.blobID),
            with: try #require(room.disk.bytes(of: path(first.blobID)))
        )
        await #expect(throws: UploadError.self) { try await room.store.open(second.blobID) }
        #expect(try room.violations().map(\.reason) == [.blob(.metadata)])
    }

    @Test func errorsOfTheSeekTableThatCancelOutAreFound() async throws {
        let room = try Warehouse()
        var generator = SeededGenerator()
        let blob = try await room.store.claim(try await room.upload(generator.bytes(count: 3_000)).token)
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        let table = SeekTable(
            frames: Array(repeating: .init(storedByteCount: 0, contentByteCount: 0, checksum: 0), count: 4)
        ).bytes.count
        for field in [8, 12] {
            // One frame a byte longer, the next one a byte shorter: all sums stay as they are.
            func change(_ sign: UInt8) throws {
                try room.disk.damage(path) { bytes in
                    let entry = bytes.count - table + field
                    bytes[entry] &+= sign
                    bytes[entry + 12] &-= sign
                }
            }
            try change(1)
            await #expect(throws: UploadError.self, "field \(field)") { try await room.store.open(blob.blobID) }
            try change(255)
            _ = try await room.store.open(blob.blobID)
        }
    }

    @Test func oneDamagedFrameHidesNoOther() async throws {
        let room = try Warehouse()
        var generator = SeededGenerator()
        let frame = Warehouse.frameByteCount
        let blob = try await room.store.claim(try await room.upload(generator.bytes(count: 4 * frame)).token)
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        try room.disk.damage(path) { bytes in
            bytes[500] ^= 1
            bytes[2 * frame + 500] ^= 1
        }
        #expect(try room.violations().map(\.reason) == [.blob(.frame), .blob(.frame)])
        #expect(try room.violations().map(\.offset).first == 0)
        let reader = try await room.store.open(blob.blobID)
        #expect(throws: StorageError.self) { try reader.frame(0) }
        #expect(try reader.frame(1).count == 3_000 - 2 * frame || reader.frame(1).count == frame)
    }

    @Test func soundFramesInEachOthersPlaceAreNotServed() async throws {
        let room = try Warehouse()
        var generator = SeededGenerator()
        let blob = try await room.store.claim(
            try await room.upload(generator.bytes(count: 2 * Warehouse.frameByteCount)).token
        )
        let path = "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"
        // Frames of noise are equally long, so that only their checksums say which is which.
        let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        let stored = try #require(room.disk.bytes(of: path))
        let second = try #require((4..<stored.count - 4).first { Array(stored[$0..<$0 + 4]) == magic })
        try room.disk.damage(path) { bytes in
            for index in 0..<second {
                bytes[index] = stored[second + index]
                bytes[second + index] = stored[index]
            }
        }
        #expect(try room.violations().map(\.reason).contains(.blob(.frameChecksum)))
        let reader = try await room.store.open(blob.blobID)
        #expect(throws: StorageError.self) { try reader.frame(0) }
        #expect(throws: StorageError.self) { try reader.frame(1) }
    }

    @Test func damageToWhatIsDurableOfAnUnfinishedUploadIsFound() async throws {
        var room = try Warehouse()
        let id = try await room.begin(10_000)
        try await room.send(mixedBytes(count: 2_000), to: id, chunk: 0)
        // Recovery syncs what it finds, and the next line says so.
        room = try room.afterKill()
        try await room.send(mixedBytes(count: 2_000), to: id, chunk: 1)
        #expect(try room.violations().isEmpty)
        let data = "data/uploads/\(id)/data.part"
        try room.disk.flipBit(8 * 40, of: data)
        #expect(try room.violations().map(\.path) == [data])
        try room.disk.flipBit(8 * 40, of: data)
        let journal = "data/uploads/\(id)/journal.jsonl"
        for offset in [40, 300] {
            try room.disk.flipBit(8 * offset, of: journal)
            #expect(try room.violations().map(\.path) == [journal])
            try room.disk.flipBit(8 * offset, of: journal)
        }
    }

    @Test func whatAPowerCutMayTakeIsNoDamage() async throws {
        let room = try Warehouse()
        let id = try await room.begin(10_000)
        try await room.send(mixedBytes(count: 2_000), to: id, chunk: 0)
        try room.disk.flipBit(8 * 40, of: "data/uploads/\(id)/data.part")
        #expect(try room.violations().isEmpty)
        #expect(try await room.afterKill().store.status(id).receivedByteCount == 0)
    }

    @Test func strangersAreReportedAndLeftAlone() async throws {
        let room = try Warehouse()
        for path in ["data/blobs/zz.txt", "data/uploads/note"] { _ = try File(path, .create, on: room.disk) }
        #expect(try room.violations().map(\.reason) == [.blob(.unexpectedEntry), .blob(.unexpectedEntry)])
        _ = try room.afterKill()
        #expect(room.disk.paths.contains("data/uploads/note"))
    }
}
