import Blobs
import CZstd
import Testing
import Zstd

/// The bytes on disk are a promise: these come from RFC 8878, from the seekable format's document and from `xxhsum`.
struct FrameFormatTests {
    @Test func aRawFrameHasTheDocumentedBytes() {
        // `printf Ledge | xxhsum -H1` prints 7984cbb72a4d8e5b.
        let expected: [UInt8] =
            [0x28, 0xB5, 0x2F, 0xFD, 0xA4, 5, 0, 0, 0, 0x29, 0, 0] + Array("Ledge".utf8) + [0x5B, 0x8E, 0x4D, 0x2A]
        #expect(rawFrame(Array("Ledge".utf8), checksum: 0x2A4D_8E5B) == expected)
        #expect(RawFrame.byteCount(contentByteCount: 5) == expected.count)
    }

    @Test func rawBlocksEndAt128KiB() throws {
        for count in [1, 131_071, 131_072, 131_073, 262_144] {
            let frame = rawFrame(mixedBytes(count: count), checksum: 0)
            #expect(frame.count == RawFrame.byteCount(contentByteCount: count))
            let blockByteCount = Int(frame[9] >> 3) | Int(frame[10]) << 5 | Int(frame[11]) << 13
            #expect(blockByteCount == min(count, 131_072))
            #expect((frame[9] & 1 == 1) == (count <= 131_072), "only the last block is marked as the last")
        }
    }

    @Test func theSeekTableHasTheDocumentedBytes() {
        let table = SeekTable(frames: [
            .init(storedByteCount: 0x0102, contentByteCount: 0x40000, checksum: 0x2A4D_8E5B),
            .init(storedByteCount: 300, contentByteCount: 0, checksum: 0x51D8_E999),
        ])
        let expected: [UInt8] = [
            0x5E, 0x2A, 0x4D, 0x18, 33, 0, 0, 0,
            0x02, 0x01, 0, 0, 0, 0, 4, 0, 0x5B, 0x8E, 0x4D, 0x2A,
            0x2C, 0x01, 0, 0, 0, 0, 0, 0, 0x99, 0xE9, 0xD8, 0x51,
            2, 0, 0, 0, 0x80, 0xB1, 0xEA, 0x92, 0x8F,
        ]
        #expect(table.bytes == expected)
        #expect(SeekTable(parsing: expected) == table)
    }

    @Test func aSeekTableOfAnyOtherLengthIsNone() {
        let bytes = SeekTable(frames: [.init(storedByteCount: 1, contentByteCount: 2, checksum: 3)]).bytes
        for length in 0..<bytes.count { #expect(SeekTable(parsing: Array(bytes.prefix(length))) == nil) }
        #expect(SeekTable(parsing: bytes + [0]) == nil)
        #expect(SeekTable(parsing: [0] + bytes) == nil)
    }

    private func rawFrame(_ content: [UInt8], checksum: UInt32) -> [UInt8] {
        var frame = [UInt8](repeating: 0xEE, count: RawFrame.byteCount(contentByteCount: content.count))
        let count = content.withUnsafeBytes { content in
            frame.withUnsafeMutableBytes { RawFrame.write(content, checksum: checksum, to: $0) }
        }
        return Array(frame.prefix(count))
    }
}
