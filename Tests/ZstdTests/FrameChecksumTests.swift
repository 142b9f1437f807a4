import Testing
import Zstd

struct FrameChecksumTests {
    /// Lengths next to each limit of XXH64 and their checksums, computed with `xxhash` 4.1.0 from PyPI.
    static let golden: [(count: Int, checksum: UInt32)] = [
        (0, 0x51d8_e999), (1, 0xe858_bbb7), (3, 0x32a4_87f9), (4, 0xe3ff_8f04), (31, 0xa39a_d4a1), (32, 0x671c_c43d),
        (33, 0xed85_7664), (255, 0x567f_731e), (256, 0xd57c_10d5), (65537, 0xcacf_f852),
    ]

    @Test(arguments: golden)
    func checksumsAreThoseOfAnotherImplementation(_ golden: (count: Int, checksum: UInt32)) {
        let content = (0..<golden.count).map { UInt8(truncatingIfNeeded: $0 * 31 + 7) }
        #expect(content.withUnsafeBytes(FrameChecksum.of) == golden.checksum)
    }

    @Test(arguments: GoldenFrame.all)
    func framesEndWithTheChecksumOfTheirContent(_ frame: GoldenFrame) {
        #expect(
            frame.stored.littleEndian(at: frame.stored.count - 4) == frame.content.withUnsafeBytes(FrameChecksum.of)
        )
    }
}
