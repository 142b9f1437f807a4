internal import CXXHash

/// The checksum at the end of a zstd frame and in the seek table: the low half of XXH64.
package enum FrameChecksum {
    /// Returns the checksum of a frame's content.
    package static func of(_ content: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: ledge_xxh64(content.baseAddress, content.count))
    }
}
