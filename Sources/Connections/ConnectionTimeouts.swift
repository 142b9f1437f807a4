internal import NIOCore

/// How long a client may keep the server waiting: measures idle time and transfer rates, and reports when one is exceeded.
///
/// Only time in which the server waits for the client counts: while a body is not read because the disk is slow, its
/// clock is paused. The rate is averaged over a whole ``ConnectionLimits/stallTimeout``, so an upload of any length may
/// use a slow line, and one that trickles ends.
struct ConnectionTimeouts {
    enum Verdict: Equatable {
        /// There is no request to answer, or the client does not take the answer.
        case close
        /// A request is under way and arrives too slowly.
        case refuse
    }

    private enum Phase {
        /// No request is under way.
        case idle
        /// Bytes of a head have arrived.
        case head
        case body
        /// All that has arrived is being answered.
        case answering
    }

    private let limits: ConnectionLimits
    private var phase = Phase.idle
    private var phaseBegan: NIODeadline
    /// Since when bytes of the client have been waited for.
    private var askedAt: NIODeadline?
    /// How long they were waited for in this phase, or in this part of a body.
    private var waited = TimeAmount.zero
    private var receivedByteCount = 0
    private var lastTick: NIODeadline
    /// How long the client has been waited for to take bytes.
    private var waitedToSend = TimeAmount.zero
    private var writtenByteCount = 0
    private var takenByteCount = 0

    init(_ limits: ConnectionLimits, at now: NIODeadline) {
        self.limits = limits
        phaseBegan = now
        lastTick = now
    }

    /// Whether no request is under way beyond its head.
    var isBetweenRequests: Bool { phase == .idle || phase == .head }

    mutating func readAsked(at now: NIODeadline) {
        if askedAt == nil { askedAt = now }
    }

    mutating func bytesArrived(_ byteCount: Int, at now: NIODeadline) {
        settle(now)
        askedAt = nil
        receivedByteCount += byteCount
        if phase == .idle || phase == .answering { enter(.head, at: now) }
    }

    mutating func headEnded(at now: NIODeadline) {
        enter(.body, at: now)
    }

    mutating func requestEnded(at now: NIODeadline, isAnswered: Bool) {
        enter(isAnswered ? .idle : .answering, at: now)
    }

    /// Every request that has arrived is answered.
    mutating func allAnswered(at now: NIODeadline) {
        if phase == .answering { enter(.idle, at: now) }
    }

    mutating func bytesWritten(_ byteCount: Int) {
        writtenByteCount += byteCount
    }

    /// Compares the time with the limits; `bufferedByteCount` was written and is not taken by the client yet.
    mutating func tick(at now: NIODeadline, bufferedByteCount: Int) -> Verdict? {
        settle(now)
        defer { lastTick = now }
        if !keepsTaking(bufferedByteCount, at: now) { return .close }
        switch phase {
        case .idle: return bufferedByteCount == 0 && now - phaseBegan >= TimeAmount(limits.idleTimeout) ? .close : nil
        case .head: return waited >= TimeAmount(limits.headTimeout) ? .refuse : nil
        case .answering: return nil
        case .body:
            guard waited >= TimeAmount(limits.stallTimeout) else { return nil }
            guard receivedByteCount >= limits.stallByteCountMin else { return .refuse }
            enter(.body, at: now)
            return nil
        }
    }

    private mutating func keepsTaking(_ bufferedByteCount: Int, at now: NIODeadline) -> Bool {
        let taken = writtenByteCount - bufferedByteCount
        waitedToSend = bufferedByteCount == 0 ? .zero : waitedToSend + (now - lastTick)
        guard waitedToSend == .zero || waitedToSend >= TimeAmount(limits.stallTimeout) else { return true }
        defer {
            takenByteCount = taken
            waitedToSend = .zero
        }
        return waitedToSend == .zero || taken - takenByteCount >= limits.stallByteCountMin
    }

    private mutating func enter(_ phase: Phase, at now: NIODeadline) {
        self.phase = phase
        phaseBegan = now
        waited = .zero
        receivedByteCount = 0
        if askedAt != nil { askedAt = now }
    }

    private mutating func settle(_ now: NIODeadline) {
        guard let askedAt else { return }
        waited = waited + (now - askedAt)
        self.askedAt = now
    }
}
