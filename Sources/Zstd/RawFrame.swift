/// A zstd frame of raw blocks, for incompressible content that every zstd decoder can read.
///
/// Shape, all numbers little-endian:
///
///     28 B5 2F FD  A4  content:4                magic; 4-byte size, single segment, checksum; size
///     { header:3  bytes }…                      header = last | 0 << 1 | size << 3; at most 128 KiB a block
///     checksum:4                                the low half of the XXH64 of the content
///
/// Built here because libzstd has no option for raw blocks: it first tries to compress each block, which takes time.
/// Source: RFC 8878, sections 3.1.1 and 3.1.1.2.
package enum RawFrame {
    private static let blockByteCountMax = 128 << 10

    /// Returns the size of the frame of `contentByteCount` bytes.
    ///
    /// - Precondition: the content is not empty.
    package static func byteCount(contentByteCount: Int) -> Int {
        let blockCount = (contentByteCount + blockByteCountMax - 1) / blockByteCountMax
        return 9 + 3 * blockCount + contentByteCount + 4
    }

    /// Writes the frame and returns its size.
    ///
    /// - Precondition: `content` is not empty and `output` has at least ``byteCount(contentByteCount:)`` bytes.
    package static func write(
        _ content: UnsafeRawBufferPointer,
        checksum: UInt32,
        to output: UnsafeMutableRawBufferPointer
    ) -> Int {
        precondition(!content.isEmpty && output.count >= byteCount(contentByteCount: content.count))
        var end = 0
        func put(_ number: UInt32, byteCount: Int) {
            for index in 0..<byteCount { output[end + index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
            end += byteCount
        }
        put(0xFD2F_B528, byteCount: 4)
        put(0xA4, byteCount: 1)
        put(UInt32(content.count), byteCount: 4)
        for start in stride(from: 0, to: content.count, by: blockByteCountMax) {
            let block = content[start..<min(start + blockByteCountMax, content.count)]
            put((block.endIndex == content.count ? 1 : 0) | UInt32(block.count) << 3, byteCount: 3)
            UnsafeMutableRawBufferPointer(rebasing: output[end...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: block))
            end += block.count
        }
        put(checksum, byteCount: 4)
        return end
    }
}
