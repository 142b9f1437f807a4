import Testing
import Zstd

/// Expected bytes are from RFC 8878 and `xxhsum`.
struct RawFrameTests {
    @Test func aRawFrameHasTheDocumentedBytes() {
        // `printf Ledge | xxhsum -H1` prints 7984cbb72a4d8e5b.
        let expected: [UInt8] =
            [0x28, 0xB5, 0x2F, 0xFD, 0xA4, 5, 0, 0, 0, 0x29, 0, 0] + Array("Ledge".utf8) + [0x5B, 0x8E, 0x4D, 0x2A]
        #expect(rawFrame(Array("Ledge".utf8), checksum: 0x2A4D_8E5B) == expected)
        #expect(RawFrame.byteCount(contentByteCount: 5) == expected.count)
    }

    @Test(arguments: [1, 131_071, 131_072, 131_073, 262_144])
    func rawBlocksEndAt128KiB(_ count: Int) throws {
        let content = mixedContent(count: count)
        let frame = rawFrame(content, checksum: content.withUnsafeBytes(FrameChecksum.of))
        #expect(frame.count == RawFrame.byteCount(contentByteCount: count))
        let blockByteCount = Int(frame[9] >> 3) | Int(frame[10]) << 5 | Int(frame[11]) << 13
        #expect(blockByteCount == min(count, 131_072))
        #expect((frame[9] & 1 == 1) == (count <= 131_072), "only the last block is marked as the last")
        #expect(ZstdContexts().decompress(frame, contentByteCount: count) == content)
    }

    @Test func anEmptyContentTraps() async {
        await #expect(processExitsWith: .failure) { _ = rawFrame([], checksum: 0) }
    }

    @Test func anOutputThatIsTooSmallTraps() async {
        await #expect(processExitsWith: .failure) { _ = rawFrame([1, 2, 3], checksum: 0, missingByteCount: 1) }
    }
}

/// A raw frame, written to an output that lacks `missingByteCount` bytes.
private func rawFrame(_ content: [UInt8], checksum: UInt32, missingByteCount: Int = 0) -> [UInt8] {
    let capacity = RawFrame.byteCount(contentByteCount: content.count) - missingByteCount
    var frame = [UInt8](repeating: 0xEE, count: capacity)
    let count = content.withUnsafeBytes { content in
        frame.withUnsafeMutableBytes { RawFrame.write(content, checksum: checksum, to: $0) }
    }
    return Array(frame.prefix(count))
}
