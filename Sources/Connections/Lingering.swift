internal import NIOCore

/// The time in which the rest of a request is read and dropped after its answer was written.
///
/// Closing at once, for example after 413 to a body of 2 GB, makes the kernel send a reset, and the reset destroys the
/// answer on its way to the client.
/// Source: RFC 9112, section 9.6; nginx's `lingering_close`.
struct Lingering {
    /// How long a client may go on sending a request that is answered already.
    static let timeout = TimeAmount.seconds(30)
    /// How long it may pause.
    static let pauseMax = TimeAmount.seconds(5)

    private let began: NIODeadline
    private var lastArrival: NIODeadline

    init(at now: NIODeadline) {
        began = now
        lastArrival = now
    }

    mutating func bytesArrived(at now: NIODeadline) {
        lastArrival = now
    }

    func isOver(at now: NIODeadline) -> Bool {
        now - began >= Self.timeout || now - lastArrival >= Self.pauseMax
    }
}
