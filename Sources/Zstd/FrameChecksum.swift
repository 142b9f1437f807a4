internal import CXXHash

/// The low half of XXH64, with which zstd ends a frame and the seek table describes it.
package enum FrameChecksum {
    /// Returns the checksum of a frame's content.
    package static func of(_ content: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: ledge_xxh64(content.baseAddress, content.count))
    }
}
