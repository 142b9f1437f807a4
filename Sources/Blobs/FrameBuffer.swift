internal import Synchronization
internal import Zstd

/// The memory of one frame: its content as it arrives, and the bytes it is stored as.
///
/// It needs no lock, because it has one owner at a time: the task that fills it, then the compressing worker and the
/// hasher, which only read the content, then the writer.
final class FrameBuffer: @unchecked Sendable {
    /// Memory for the content of at most one frame.
    let content: UnsafeMutableRawBufferPointer
    /// Memory for the largest frame that content can become.
    let stored: UnsafeMutableRawBufferPointer

    var contentByteCount = 0
    var storedByteCount = 0
    var checksum: UInt32 = 0
    /// Number of the frame among those its upload has submitted since it was opened.
    var number = 0
    /// Whether compression is tried; see ``CompressionProbe``.
    var isWorthTrying = true
    /// Whether the frame is stored as raw blocks.
    var isRaw = false
    private let userCount = Atomic<Int>(0)

    init(contentCapacity: Int, storedCapacity: Int) {
        content = .allocate(byteCount: contentCapacity, alignment: 64)
        stored = .allocate(byteCount: storedCapacity, alignment: 64)
    }

    deinit {
        content.deallocate()
        stored.deallocate()
    }

    var isFull: Bool { contentByteCount == content.count }

    var contentBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: content[..<contentByteCount])
    }

    var storedBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: stored[..<storedByteCount])
    }

    var entry: SeekTable.Frame {
        SeekTable.Frame(
            storedByteCount: UInt32(storedByteCount),
            contentByteCount: UInt32(contentByteCount),
            checksum: checksum
        )
    }

    /// Copies as many of `bytes` as fit, and returns how many.
    func fill(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count = min(bytes.count, content.count - contentByteCount)
        guard count > 0 else { return 0 }
        UnsafeMutableRawBufferPointer(rebasing: content[contentByteCount...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        contentByteCount += count
        return count
    }

    /// Sets how many users will call ``leave()``.
    func enter(userCount count: Int) {
        userCount.store(count, ordering: .relaxed)
    }

    /// Returns whether the caller was the last user, which recycles the buffer.
    func leave() -> Bool {
        userCount.subtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }
}
