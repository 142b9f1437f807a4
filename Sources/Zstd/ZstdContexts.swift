internal import CZstd
internal import NIOConcurrencyHelpers

/// zstd's working memory, kept for the next frame: making it costs more than a small frame.
///
/// There are never more than frames worked on at once, which the owner bounds.
package final class ZstdContexts: Sendable {
    private struct Context: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private let compressing = NIOLockedValueBox<[Context]>([])
    private let decompressing = NIOLockedValueBox<[Context]>([])

    package init() {}

    deinit {
        compressing.withLockedValue { for context in $0 { ZSTD_freeCCtx(context.pointer) } }
        decompressing.withLockedValue { for context in $0 { ZSTD_freeDCtx(context.pointer) } }
    }

    /// Bytes that a frame can at most become.
    package static func storedByteCountMax(contentByteCount: Int) -> Int {
        ZSTD_compressBound(contentByteCount)
    }

    /// Compresses `content` as one frame with its size and checksum in it; nil where `output` is too small for it.
    ///
    /// Its last four bytes are the ``FrameChecksum`` of the content. Levels are zstd's own, 1 to 22.
    package func compress(
        _ content: UnsafeRawBufferPointer,
        level: Int32,
        into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let context = compressing.withLockedValue { $0.popLast() } ?? Self.makeCompressing()
        defer { compressing.withLockedValue { $0.append(context) } }
        ZSTD_CCtx_reset(context.pointer, ZSTD_reset_session_and_parameters)
        ZSTD_CCtx_setParameter(context.pointer, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context.pointer, ZSTD_c_checksumFlag, 1)
        let count = ZSTD_compress2(
            context.pointer,
            output.baseAddress,
            output.count,
            content.baseAddress,
            content.count
        )
        return ZSTD_isError(count) == 0 ? count : nil
    }

    /// Decompresses exactly one frame of exactly `output.count` bytes of content.
    ///
    /// With `verifying` its checksum must match; without, the caller has one of its own for what it takes from there.
    package func decompress(
        _ stored: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer,
        verifying: Bool = true
    ) -> Bool {
        guard ZSTD_findFrameCompressedSize(stored.baseAddress, stored.count) == stored.count else { return false }
        let context = decompressing.withLockedValue { $0.popLast() } ?? Self.makeDecompressing()
        defer { decompressing.withLockedValue { $0.append(context) } }
        // ZSTD_d_forceIgnoreChecksum, by the name it has where only stable names are shown.
        ZSTD_DCtx_setParameter(context.pointer, ZSTD_d_experimentalParam3, verifying ? 0 : 1)
        let count = ZSTD_decompressDCtx(
            context.pointer,
            output.baseAddress,
            output.count,
            stored.baseAddress,
            stored.count
        )
        return ZSTD_isError(count) == 0 && count == output.count
    }

    private static func makeCompressing() -> Context {
        guard let pointer = ZSTD_createCCtx() else { preconditionFailure("no memory for a compressor") }
        return Context(pointer: pointer)
    }

    private static func makeDecompressing() -> Context {
        guard let pointer = ZSTD_createDCtx() else { preconditionFailure("no memory for a decompressor") }
        return Context(pointer: pointer)
    }
}
