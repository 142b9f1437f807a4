internal import NIOCore

/// The time in which the rest of a request is read and dropped after its answer was written.
///
/// Closing at once, for example after 413 to a body of 2 GB, makes the kernel send a reset, and the reset destroys the
/// answer on its way to the client.
/// Source: RFC 9112, section 9.6; nginx's `lingering_close`.
struct Lingering {
    private let timeout: TimeAmount
    private let pauseMax: TimeAmount
    private let byteCountMin: Int
    private let began: NIODeadline
    private var periodBegan: NIODeadline
    private var byteCount = 0

    init(_ limits: ConnectionLimits, at now: NIODeadline) {
        timeout = TimeAmount(limits.lingerTimeout)
        pauseMax = TimeAmount(limits.lingerPauseMax)
        byteCountMin = limits.byteRateMin * Int(limits.lingerPauseMax / .seconds(1))
        began = now
        periodBegan = now
    }

    mutating func bytesArrived(_ byteCount: Int) {
        self.byteCount += byteCount
    }

    /// Whether the time is up, or the client sends nothing more or too slowly.
    mutating func isOver(at now: NIODeadline) -> Bool {
        guard now - began < timeout else { return true }
        guard now - periodBegan >= pauseMax else { return false }
        defer { (periodBegan, byteCount) = (now, 0) }
        return byteCount < byteCountMin
    }
}
