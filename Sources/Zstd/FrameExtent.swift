internal import CZstd

/// How long a frame is, told by its own header and blocks, for whoever has no table that says so.
package struct FrameExtent: Sendable, Hashable {
    package let storedByteCount: Int
    package let contentByteCount: Int

    /// Measures the frame that `bytes` begin with; nil where none does, it is cut off, or does not say its content's size.
    package init?(of bytes: UnsafeRawBufferPointer) {
        let stored = ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count)
        let content = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
        // A skippable frame has no content, and an unknown size and an error are the two largest numbers.
        guard ZSTD_isError(stored) == 0, content > 0, let contentByteCount = Int(exactly: content) else { return nil }
        storedByteCount = stored
        self.contentByteCount = contentByteCount
    }
}
