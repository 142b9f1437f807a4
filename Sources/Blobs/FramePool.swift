internal import Concurrency
internal import Dispatch
internal import NIOConcurrencyHelpers

/// Bounds the memory and the work of all uploads together: buffers to fill, and places in the pipeline.
///
/// A receiver owns the one buffer it fills, so a slow client uses 0.5 MiB and delays no other. A full buffer needs a
/// place before it is compressed, hashed and written. There are few, granted in the order of the requests, and a receiver
/// without one waits: that is the back-pressure to its socket. Frames of one upload get places in their order, so the
/// frame that all later ones wait for always has one.
final class FramePool: Sendable {
    /// Workers that compress, as many as there are cores; they never block.
    let workers = DispatchQueue(label: "ledge.blobs.compress", attributes: .concurrent, target: .global())
    /// Places in the pipeline; ``finish(_:)`` releases them.
    let places: AsyncSemaphore
    private let frameByteCount: Int
    private let idleCountMax: Int
    private let idle = NIOLockedValueBox<[FrameBuffer]>([])

    init(frameByteCount: Int, placeCount: Int) {
        self.frameByteCount = frameByteCount
        idleCountMax = 2 * placeCount
        places = AsyncSemaphore(permitCount: placeCount)
    }

    /// Returns an empty buffer.
    func takeBuffer() -> FrameBuffer {
        if let buffer = idle.withLockedValue({ $0.popLast() }) { return buffer }
        return FrameBuffer(
            contentCapacity: frameByteCount,
            storedCapacity: FrameEncoder.storedByteCountMax(contentByteCount: frameByteCount)
        )
    }

    /// Keeps a buffer for the next ``takeBuffer()``; more than the pipeline can hold are freed.
    func recycle(_ buffer: FrameBuffer) {
        buffer.contentByteCount = 0
        idle.withLockedValue { idle in
            if idle.count < idleCountMax { idle.append(buffer) }
        }
    }

    /// Ends the use of a frame by one of its users; the last one releases buffer and place.
    func finish(_ frame: FrameBuffer) {
        guard frame.leave() else { return }
        recycle(frame)
        places.release()
    }
}
