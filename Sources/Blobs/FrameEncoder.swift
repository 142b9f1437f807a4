internal import CZstd
internal import Synchronization
internal import Zstd

/// Encodes the content of one frame: compressed, or raw if compression saves too little.
///
/// A frame that would save less than 1/64 is stored as a ``RawFrame``: reading it then costs a copy, not a decompression.
/// Frames are independent, so any number of threads may encode at once.
struct FrameEncoder: Sendable {
    let contexts: ZstdContexts
    /// zstd's own levels, 1 to 22.
    let level: Int32

    /// The maximum length of an encoded frame.
    static func storedByteCountMax(contentByteCount: Int) -> Int {
        max(ZSTD_compressBound(contentByteCount), RawFrame.byteCount(contentByteCount: contentByteCount))
    }

    func encode(_ frame: FrameBuffer) {
        let content = frame.contentBytes
        let limit = content.count - content.count / 64
        if frame.isWorthTrying, let count = contexts.compress(content, level: level, into: frame.stored),
            count <= limit
        {
            frame.storedByteCount = count
            // The last four bytes of a zstd frame are the checksum of its content.
            frame.checksum = frame.stored.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self).littleEndian
            frame.isRaw = false
        } else {
            frame.checksum = FrameChecksum.of(content)
            frame.storedByteCount = RawFrame.write(content, checksum: frame.checksum, to: frame.stored)
            frame.isRaw = true
        }
    }
}

/// Avoids attempts to compress content that does not shrink, such as a compressed archive.
///
/// After four frames in a row that did not shrink only every eighth is tried, until one shrinks again. Which frames are
/// tried depends on timing, so the same content may be stored as different bytes.
final class CompressionProbe: Sendable {
    private let rawFrameCount = Atomic<Int>(0)

    /// Whether to try to compress the frame of this number.
    func isWorthTrying(_ number: Int) -> Bool {
        rawFrameCount.load(ordering: .relaxed) < 4 || number % 8 == 0
    }

    func learn(from frame: FrameBuffer) {
        guard frame.isWorthTrying else { return }
        if frame.isRaw {
            rawFrameCount.add(1, ordering: .relaxed)
        } else {
            rawFrameCount.store(0, ordering: .relaxed)
        }
    }
}
