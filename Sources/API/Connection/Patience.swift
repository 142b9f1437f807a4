internal import NIOCore

/// How long a client may keep the server waiting: a state machine that is told what happens, and says when it is over.
///
/// A client is blamed only for time in which the server waited for it: while a body is not read because the disk is
/// slow, its clock stands. Speed is measured over a whole ``ConnectionLimits/stallTimeout``, so an upload of any length
/// may come over a slow line, and one that trickles ends.
struct Patience {
    enum Verdict: Equatable {
        /// There is no request to answer, or nobody who reads the answer.
        case close
        /// A request is under way, and comes too slowly.
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
    private(set) var unansweredCount = 0
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

    var isIdle: Bool { unansweredCount == 0 && (phase == .idle || phase == .head) }

    mutating func ask(at now: NIODeadline) {
        if askedAt == nil { askedAt = now }
    }

    mutating func receive(_ byteCount: Int, at now: NIODeadline) {
        settle(now)
        askedAt = nil
        receivedByteCount += byteCount
        if phase == .idle || phase == .answering { enter(.head, at: now) }
    }

    mutating func headEnded(at now: NIODeadline) {
        unansweredCount += 1
        enter(.body, at: now)
    }

    mutating func requestEnded(at now: NIODeadline) {
        enter(unansweredCount > 0 ? .answering : .idle, at: now)
    }

    mutating func responseEnded(at now: NIODeadline) {
        unansweredCount -= 1
        if unansweredCount == 0, phase == .answering { enter(.idle, at: now) }
    }

    mutating func write(_ byteCount: Int) {
        writtenByteCount += byteCount
    }

    /// Looks at the clock; `bufferedByteCount` is what was written and the client has not taken.
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
