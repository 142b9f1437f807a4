import Blobs
import CZstd
import Disk
import Glibc
import TestSupport
import Testing
import Zstd

/// Stored content is read back: by Ledge's reader, by plain libzstd, and by the `zstd` command.
struct RoundTripTests {
    static let frame = UploadFixture.frameByteCount
    static let byteCounts = [0, 1, frame - 1, frame, frame + 1, 2 * frame, 2_999, 3_000, 3_001, 3_000 + frame, 40_000]

    @Test(arguments: byteCounts)
    func boundarySizesAreReadBack(_ count: Int) async throws {
        let fixture = try UploadFixture()
        let content = mixedBytes(count: count)
        let upload = try await fixture.upload(content)
        let blob = try await fixture.store.claim(upload.token)
        let stored = try #require(fixture.disk.bytes(of: "data/blobs/\(blob.blobID.prefix(2))/\(blob.blobID).zst"))
        #expect(try await fixture.content(of: blob.blobID) == content, "SEED=\(SeededGenerator.runSeed)")
        #expect(try decompress(stored) == content)
        #expect(upload.byteCount == Int64(count))
        #expect(upload.storedByteCount == Int64(stored.count))
        #expect(blob.storedByteCount == upload.storedByteCount)
        #expect(blob.fileName == "seed.npz")
        #expect(try fixture.violations().isEmpty)
    }

    @Test func digestsMatchTheContent() async throws {
        let fixture = try UploadFixture()
        let upload = try await fixture.upload(Array("Ledge".utf8), chunkByteCount: 2)
        let blob = try await fixture.store.claim(upload.token)
        // From `sha256sum` and `xxhsum -H2`.
        #expect(blob.sha256 == "bb1f515802c8728dc842cbda8781a589df3914490b3e938173586db1795f0146")
        #expect(blob.xxh3_128 == "382ab298b2047903f0634680b198f863")
        #expect(upload.sha256 == blob.sha256)
    }

    @Test func framesOfARangeOverlapIt() async throws {
        let fixture = try UploadFixture()
        let content = mixedBytes(count: 10_000)
        let blob = try await fixture.store.claim(try await fixture.upload(content).token)
        let reader = try await fixture.store.open(blob.blobID)
        var generator = SeededGenerator()
        for _ in 0..<500 {
            let start = Int64.random(in: 0...10_000, using: &generator)
            let range = start..<Int64.random(in: start...10_100, using: &generator)
            let expected = (0..<reader.frameCount).filter { reader.contentRange(ofFrame: $0).overlaps(range) }
            #expect(Array(reader.frames(overlapping: range)) == expected, "\(range)")
            guard let first = expected.first else { continue }
            let bytes = try expected.flatMap { try reader.frame($0) }
            let skipped = Int(start - reader.contentRange(ofFrame: first).lowerBound)
            let end = min(Int(range.upperBound), content.count)
            #expect(Array(bytes.dropFirst(skipped).prefix(end - Int(start))) == Array(content[Int(start)..<end]))
        }
    }

    @Test func rangeThatEndsWithItsFrameHasNoOther() async throws {
        let fixture = try UploadFixture()
        let blob = try await fixture.store.claim(try await fixture.upload(mixedBytes(count: 10_000)).token)
        let reader = try await fixture.store.open(blob.blobID)
        for index in 0..<reader.frameCount {
            #expect(reader.frames(overlapping: reader.contentRange(ofFrame: index)) == index..<index + 1)
        }
    }

    @Test func framesThatDoNotShrinkAreRaw() async throws {
        let fixture = try UploadFixture()
        var generator = SeededGenerator()
        let noise = try await fixture.upload(generator.bytes(count: Self.frame))
        let silence = try await fixture.upload([UInt8](repeating: 7, count: Self.frame))
        let raw = RawFrame.byteCount(contentByteCount: Self.frame)
        let noiseBytes = try #require(fixture.disk.bytes(of: "data/uploads/\(noise.token)/complete.zst"))
        #expect(Array(noiseBytes[0..<5]) == [0x28, 0xB5, 0x2F, 0xFD, 0xA4])
        #expect(noise.storedByteCount > raw)
        #expect(silence.storedByteCount < Int64(Self.frame))
    }

    @Test(.enabled(if: access("/usr/bin/zstd", X_OK) == 0))
    func zstdCommandRestoresTheFile() async throws {
        let directory = try TemporaryDirectory()
        let store = try BlobStore(directory: directory.path, on: PosixDisk())
        for count in [0, 1, 300_000, 2_000_000] {
            let content = mixedBytes(count: count)
            let id = try await store.begin(fileName: "x", byteCount: Int64(count)).id
            if count > 0 {
                let receiver = try await store.upload(id).receive(chunk: 0)
                try await receiver.take(content, pieceByteCount: 65_536)
                _ = try await receiver.finish()
            }
            _ = try await store.upload(id).complete()
            let blob = try await store.claim(id)
            let reader = try await store.open(blob.blobID)
            #expect(try output(of: "/usr/bin/zstd -d -q < '\(reader.path)'") == content, "\(count) bytes")
        }
    }

    /// Decompresses the whole file with libzstd's stream decoder, independently of Ledge's code.
    private func decompress(_ stored: [UInt8]) throws -> [UInt8] {
        let context = try #require(ZSTD_createDCtx())
        defer { ZSTD_freeDCtx(context) }
        var content: [UInt8] = []
        var output = [UInt8](repeating: 0, count: 4_096)
        try stored.withUnsafeBytes { bytes in
            var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            var hint = 0
            while input.pos < input.size || hint != 0 {
                let produced = try output.withUnsafeMutableBytes { buffer in
                    var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
                    hint = ZSTD_decompressStream(context, &target, &input)
                    try #require(ZSTD_isError(hint) == 0)
                    return target.pos
                }
                content += output.prefix(produced)
                if produced == 0 && input.pos == input.size { break }
            }
            #expect(hint == 0, "the stream ends with a frame")
        }
        return content
    }

    private func output(of command: String) throws -> [UInt8] {
        let pipe = try #require(popen(command, "r"))
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            guard count > 0 else { break }
            output += buffer.prefix(count)
        }
        #expect(pclose(pipe) == 0, "\(command)")
        return output
    }
}
