internal import CZstd
internal import Synchronization
internal import Zstd

/// Turns the content of one frame into the bytes it is stored as: compressed, or raw where that does not pay.
///
/// A frame that saves less than 1/64 is stored as a ``RawFrame``: reading it back then costs a copy instead of a
/// decoding. Frames are independent, so any number of threads may encode at once.
struct FrameEncoder: Sendable {
    let contexts: ZstdContexts
    /// zstd's own levels, 1 to 22.
    let level: Int32

    /// Bytes that a frame can at most become, with either form.
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
            // zstd has just hashed the content: its own last four bytes are the checksum.
            frame.checksum = frame.stored.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self).littleEndian
            frame.isRaw = false
        } else {
            frame.checksum = FrameChecksum.of(content)
            frame.storedByteCount = RawFrame.write(content, checksum: frame.checksum, to: frame.stored)
            frame.isRaw = true
        }
    }
}

/// Saves the attempts on content that does not shrink anyway, such as an archive that is compressed already.
///
/// After four frames in a row that did not shrink only every eighth is tried, until one shrinks again. Which frames
/// are tried depends on which results were known in time, so the same content may be stored in different bytes.
final class CompressionProbe: Sendable {
    private let rawFrameCount = Atomic<Int>(0)

    /// Whether the frame of this number should be tried.
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
