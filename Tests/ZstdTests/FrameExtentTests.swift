import Testing
import Zstd

struct FrameExtentTests {
    private func extent(of bytes: [UInt8]) -> FrameExtent? {
        bytes.withUnsafeBytes { FrameExtent(of: $0) }
    }

    @Test(arguments: GoldenFrame.all)
    func aFrameIsMeasuredWhateverFollowsIt(_ frame: GoldenFrame) {
        for following in [[], [0], [0xFF], frame.stored, SeekTableTests.bytes] {
            let extent = extent(of: frame.stored + following)
            #expect(extent?.storedByteCount == frame.stored.count)
            #expect(extent?.contentByteCount == frame.content.count)
        }
    }

    @Test(arguments: GoldenFrame.all)
    func everyTruncatedFrameIsRefused(_ frame: GoldenFrame) {
        for length in 0..<frame.stored.count {
            #expect(extent(of: Array(frame.stored.prefix(length))) == nil, "\(length) bytes")
        }
    }

    @Test(arguments: GoldenFrame.all)
    func noDamagedFrameExtendsPastTheEnd(_ frame: GoldenFrame) {
        for bit in 0..<frame.stored.count * 8 {
            guard let extent = extent(of: flipped(frame.stored, bit: bit)) else { continue }
            #expect((1...frame.stored.count).contains(extent.storedByteCount), "bit \(bit)")
        }
    }

    @Test func aSkippableFrameIsRefused() {
        #expect(extent(of: SeekTableTests.bytes) == nil)
    }

    @Test func anEmptyFrameIsRefused() {
        // `zstd` on an empty file.
        #expect(extent(of: [0x28, 0xB5, 0x2F, 0xFD, 0x24, 0, 1, 0, 0, 0x99, 0xE9, 0xD8, 0x51]) == nil)
    }

    @Test func aFrameWithoutItsContentSizeIsRefused() {
        // `printf Ledge | zstd`.
        let stored: [UInt8] =
            [0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x58, 0x29, 0, 0] + Array("Ledge".utf8) + [0x5B, 0x8E, 0x4D, 0x2A]
        #expect(extent(of: stored) == nil)
        #expect(ZstdContexts().decompress(stored, contentByteCount: 5) == Array("Ledge".utf8))
    }
}
