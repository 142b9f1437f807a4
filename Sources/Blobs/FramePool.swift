internal import Dispatch
internal import NIOConcurrencyHelpers

/// Bounds the memory and the work of all uploads together: buffers to fill, and places in the pipeline.
///
/// A receiver owns the one buffer it fills, so a slow client holds 0.5 MiB and nobody else up. A full buffer needs a
/// place before it is compressed, hashed and written; there are few, handed out in the order of asking, and a
/// receiver that gets none waits: that is the back-pressure to its socket. Frames of one upload take places in their
/// order, so the frame everybody behind it waits for always has one.
final class FramePool: Sendable {
    private struct State {
        var idle: [FrameBuffer] = []
        var freePlaceCount: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// Workers that compress, as many as there are cores; nothing on it blocks.
    let workers = DispatchQueue(label: "ledge.blobs.compress", attributes: .concurrent, target: .global())
    private let frameByteCount: Int
    private let placeCount: Int
    private let state: NIOLockedValueBox<State>

    init(frameByteCount: Int, placeCount: Int) {
        self.frameByteCount = frameByteCount
        self.placeCount = placeCount
        state = NIOLockedValueBox(State(freePlaceCount: placeCount))
    }

    /// Returns an empty buffer.
    func takeBuffer() -> FrameBuffer {
        if let buffer = state.withLockedValue({ $0.idle.popLast() }) { return buffer }
        return FrameBuffer(
            contentCapacity: frameByteCount,
            storedCapacity: FrameEncoder.storedByteCountMax(contentByteCount: frameByteCount)
        )
    }

    /// Takes a buffer back; more than the pipeline can hold are freed.
    func giveBack(_ buffer: FrameBuffer) {
        buffer.contentByteCount = 0
        state.withLockedValue { state in
            if state.idle.count < 2 * placeCount { state.idle.append(buffer) }
        }
    }

    /// Returns when the caller has a place in the pipeline.
    func takePlace() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLockedValue { state in
                guard state.freePlaceCount == 0 else {
                    state.freePlaceCount -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Gives a place to whoever has waited longest.
    func leavePlace() {
        let next = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.freePlaceCount += 1
            return nil
        }
        next?.resume()
    }

    /// One of the frame's users is done with it; the last one frees buffer and place.
    func finish(_ frame: FrameBuffer) {
        guard frame.leave() else { return }
        giveBack(frame)
        leavePlace()
    }
}
