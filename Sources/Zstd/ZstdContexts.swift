internal import CZstd
internal import NIOConcurrencyHelpers

/// A pool of zstd contexts (working memory), because creating one takes longer than compressing a small frame.
///
/// There are at most as many as frames processed at once, which the owner limits.
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

    /// Returns the maximum size of a frame of `contentByteCount` bytes.
    package static func storedByteCountMax(contentByteCount: Int) -> Int {
        ZSTD_compressBound(contentByteCount)
    }

    /// Compresses `content` to one frame with content size and checksum, and returns its size; nil if `output` is too
    /// small.
    ///
    /// The last four bytes of the frame are the ``FrameChecksum`` of the content. `level` is zstd's, 1 to 22.
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

    /// Decompresses exactly one frame with exactly `output.count` bytes of content; returns whether it succeeded.
    ///
    /// `verifying` (default: true) checks the frame's checksum. It may be false if the caller verifies the content
    /// itself.
    package func decompress(
        _ stored: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer,
        verifying: Bool = true
    ) -> Bool {
        guard ZSTD_findFrameCompressedSize(stored.baseAddress, stored.count) == stored.count else { return false }
        let context = decompressing.withLockedValue { $0.popLast() } ?? Self.makeDecompressing()
        defer { decompressing.withLockedValue { $0.append(context) } }
        // ZSTD_d_forceIgnoreChecksum, by the name it has in zstd's stable header.
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
        guard let pointer = ZSTD_createCCtx() else { preconditionFailure("out of memory") }
        return Context(pointer: pointer)
    }

    private static func makeDecompressing() -> Context {
        guard let pointer = ZSTD_createDCtx() else { preconditionFailure("out of memory") }
        return Context(pointer: pointer)
    }
}
