internal import CZstd

/// The sizes of a zstd frame, from its header and blocks, for files without a seek table.
package struct FrameExtent: Sendable, Hashable {
    package let storedByteCount: Int
    package let contentByteCount: Int

    /// Measures the frame at the start of `bytes`; nil if there is none, it is truncated, or its header has no content
    /// size.
    package init?(of bytes: UnsafeRawBufferPointer) {
        let stored = ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count)
        let content = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
        // A skippable frame has no content, and an unknown size and an error are the two largest numbers.
        guard ZSTD_isError(stored) == 0, content > 0, let contentByteCount = Int(exactly: content) else { return nil }
        storedByteCount = stored
        self.contentByteCount = contentByteCount
    }
}
