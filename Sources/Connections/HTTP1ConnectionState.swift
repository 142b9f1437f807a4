internal import NIOCore
internal import NIOHTTP1

/// Decides what happens next on an HTTP/1 connection: it takes events, counts requests, and returns actions.
///
/// It knows no channel and no clock, so every sequence of events can be tested. ``HTTP1Connection`` performs the actions.
///
/// A request that two parsers may read differently is refused after the answers to all requests before it, and no later
/// byte is taken for a request. The same holds after the last request of a connection.
/// Source: RFC 9112, sections 3, 6, 9 and 11.
struct HTTP1ConnectionState {
    /// What the channel handlers do because of an event.
    enum Action: Equatable {
        case nothing
        /// Writes the answer to a refused request, then reports when all that was written is flushed.
        case refuse(ConnectionRefusal)
        /// Fails the reader of the body under way, which then answers the request.
        case failBody(ConnectionRefusal)
        /// Reports when all that was written is flushed.
        case reportFlush
        /// Writes `100 Continue`.
        case writeContinue
        /// Reads and drops what still arrives.
        case read
        /// Ends the output, so that the client sees its end, and reads and drops what still arrives.
        case closeOutput
        case close
    }

    /// What becomes of a decoded part of a request.
    enum Delivery: Equatable {
        case forward
        case drop(Action)
    }

    enum Input: Equatable {
        /// The head of a request, or what comes before one, is decoded.
        case head
        /// The rest of a request is decoded; of a refused one it is dropped.
        case body(isRefused: Bool)
        /// All input is dropped. The last request may be incomplete, or bytes may follow it: then the client is perhaps
        /// still sending.
        case discarded(isComplete: Bool)
    }

    enum Output: Equatable {
        case open
        /// This refusal follows the answers that are due.
        case refusing(ConnectionRefusal)
        /// The response under way ends the connection.
        case last
        /// The last response was written.
        case ended
        /// All that was written is flushed.
        case flushed
        case closed
    }

    private let limits: ConnectionLimits
    var input: Input
    private(set) var output: Output
    /// Requests whose heads were forwarded and whose answers are not complete: the only such count.
    private(set) var unansweredCount = 0
    /// Whether the request under way, or the last one, is the last of its connection.
    private var isLastRequest = false
    /// Whether the client of the request under way waits for `100 Continue` before it sends the body.
    private var isContinueWanted = false
    /// Whether the connection ends when all requests are answered.
    private var isQuiescing = false
    /// Whether the server above has nothing more to write.
    private var isOutputFinished = false
    /// Flushes to be reported; each completes after those before it.
    private var flushCount = 0
    var held = HTTP1HeldInput()
    var body = HTTP1BodyProgress(declaredByteCount: nil)
    var timeouts: ConnectionTimeouts
    var lingering: Lingering?
    /// Bytes that arrived after the last request.
    private var trailingByteCount = 0

    /// Starts a connection whose requests are answered, or one whose first answer is a `refusal`.
    init(_ limits: ConnectionLimits, refusal: ConnectionRefusal? = nil, at now: NIODeadline) {
        self.limits = limits
        timeouts = ConnectionTimeouts(limits, at: now)
        input = refusal == nil ? .head : .discarded(isComplete: true)
        output = refusal.map { .refusing($0) } ?? .open
    }

    /// Whether closing the connection would lose no request and no answer.
    var isIdle: Bool { unansweredCount == 0 && timeouts.isBetweenRequests }

    var isOutputEnded: Bool { output == .ended || output == .flushed || output == .closed }

    /// Whether the parts of the request under way reach the server above.
    private var isForwarding: Bool { input == .body(isRefused: false) && !isOutputEnded }

    // MARK: Requests

    mutating func headArrived(_ head: HTTPRequestHead, at now: NIODeadline) -> Delivery {
        guard input == .head, output != .last else {
            discardInput(isComplete: false)
            return .drop(.nothing)
        }
        let declaredByteCount = head.headers["content-length"].first.flatMap { Int($0) }
        body = HTTP1BodyProgress(declaredByteCount: declaredByteCount)
        if let flaw = ConnectionRefusal(flawOf: head) {
            input = .body(isRefused: true)
            output = .refusing(flaw)
            return .drop(refuseIfDue())
        }
        input = .body(isRefused: false)
        let expectations = head.headers[canonicalForm: "expect"]
        isContinueWanted = head.version.minor > 0 && expectations.contains { $0.lowercased() == "100-continue" }
        isLastRequest = !head.isKeepAlive || head.method == .CONNECT || head.headers.contains(name: "upgrade")
        unansweredCount += 1
        timeouts.headEnded(at: now)
        return .forward
    }

    /// The server above begins to read a body, so the request is not refused because of its head.
    ///
    /// The signal is sent for the request under way only, and while no response is written: it would be in the middle.
    /// Source: RFC 9110, section 10.1.1.
    mutating func bodyAsked() -> Action {
        guard isContinueWanted, unansweredCount == 1, isForwarding else { return .nothing }
        isContinueWanted = false
        return .writeContinue
    }

    mutating func contentArrived(_ byteCount: Int) -> Delivery {
        isContinueWanted = false
        body.contentArrived(byteCount)
        return isForwarding ? .forward : .drop(.nothing)
    }

    mutating func requestEnded(at now: NIODeadline) -> Delivery {
        guard case .body = input else { return .drop(.nothing) }
        isContinueWanted = false
        lingering = nil
        guard isForwarding else {
            discardInput(isComplete: true)
            return .drop(closeIfDone())
        }
        held.requestEnded()
        timeouts.requestEnded(at: now, isAnswered: unansweredCount == 0)
        if isLastRequest { discardInput(isComplete: true) } else { input = .head }
        return .forward
    }

    /// Returns nil for an error that says nothing about the request and concerns the server above.
    mutating func decoderFailed(_ error: any Error) -> Action? {
        if case .discarded = input {
            discardInput(isComplete: false)
            return .nothing
        }
        return ConnectionRefusal(decoderError: error, lineByteCount: held.lineByteCount).map { fail($0) }
    }

    /// Ends the input at a request that cannot be completed.
    mutating func fail(_ refusal: ConnectionRefusal) -> Action {
        switch input {
        case .discarded: return .nothing
        case .body(isRefused: false) where unansweredCount > 0 && !isOutputEnded:
            discardInput(isComplete: false)
            isLastRequest = true
            return .failBody(refusal)
        case .body(isRefused: false):
            // It was already answered.
            discardInput(isComplete: true)
            return endOutput()
        case .head, .body(isRefused: true):
            discardInput(isComplete: false)
            guard output == .open else { return .nothing }
            output = .refusing(refusal)
            return refuseIfDue()
        }
    }

    // MARK: Responses

    /// The connection is established.
    mutating func connected() -> Action { refuseIfDue() }

    /// Returns whether the head of this response has to get `Connection: close`; `isClosing` says that it has it.
    mutating func responseBegan(isClosing: Bool) -> Bool {
        if unansweredCount == 1 { isContinueWanted = false }
        let isLast = isLastRequest && unansweredCount == 1
        if isLast || isClosing { output = .last }
        return isLast
    }

    mutating func responseEnded(at now: NIODeadline) -> Action {
        guard !isOutputEnded else { return .nothing }
        unansweredCount -= 1
        if unansweredCount == 0 { timeouts.allAnswered(at: now) }
        switch output {
        case .last: return endOutput()
        case .refusing: return refuseIfDue()
        case .open where isQuiescing && unansweredCount == 0: return quiesce()
        // Answered before it was complete: when the answer is flushed, the client has to go on or is closed.
        case .open where unansweredCount == 0 && isForwarding: return reportFlush()
        case .open, .ended, .flushed, .closed: return .nothing
        }
    }

    /// All that was written when ``Action/reportFlush`` was returned is flushed.
    mutating func flushed(at now: NIODeadline) -> Action {
        flushCount -= 1
        guard flushCount == 0 else { return .nothing }
        if output == .ended {
            output = .flushed
            let action = closeIfDone()
            guard action == .nothing else { return action }
            lingering = Lingering(limits, at: now)
            return isOutputFinished ? .closeOutput : .read
        }
        if output == .open, unansweredCount == 0, isForwarding { lingering = Lingering(limits, at: now) }
        return .nothing
    }

    /// The server above has nothing more to write.
    mutating func outputFinished() -> Action {
        isOutputFinished = true
        switch output {
        case .open, .refusing, .last:
            discardInput(isComplete: true)
            return endOutput()
        case .flushed: return .closeOutput
        case .ended, .closed: return .nothing
        }
    }

    // MARK: The end

    /// The server stops: the connection ends when all its requests are answered.
    mutating func quiesce() -> Action {
        isQuiescing = true
        guard unansweredCount == 0, output != .closed else { return .nothing }
        _ = held.drop()
        discardInput(isComplete: true)
        return endOutput()
    }

    /// The client sends nothing more; after what it sent was decoded.
    mutating func inputEnded() -> Action {
        discardInput(isComplete: true)
        return closeIfDone()
    }

    mutating func closed() {
        discardInput(isComplete: true)
        output = .closed
        lingering = nil
    }

    /// Compares the time with all limits; `bufferedByteCount` was written and is not taken by the client yet.
    mutating func tick(at now: NIODeadline, bufferedByteCount: Int) -> Action {
        guard output != .closed else { return .nothing }
        if lingering?.isOver(at: now) == true { return close() }
        switch timeouts.tick(at: now, bufferedByteCount: bufferedByteCount) {
        case .close: return close()
        case .refuse: return fail(.tooSlow)
        case nil: return .nothing
        }
    }

    /// Drops all that is held and still arrives.
    mutating func discardInput(isComplete: Bool) {
        input = .discarded(isComplete: isComplete)
        trailingByteCount = 0
        dropTrailing(held.drop())
    }

    /// Drops bytes after the last request; an empty line is allowed there.
    ///
    /// Source: RFC 9112, section 2.2.
    mutating func dropTrailing(_ byteCount: Int) {
        trailingByteCount += byteCount
        if trailingByteCount > 2 { input = .discarded(isComplete: false) }
    }

    private mutating func refuseIfDue() -> Action {
        guard case .refusing(let refusal) = output, unansweredCount == 0 else { return .nothing }
        output = .ended
        // The server above does not know of the refusal: it has nothing to write after it.
        isOutputFinished = true
        flushCount += 1
        return .refuse(refusal)
    }

    private mutating func reportFlush() -> Action {
        flushCount += 1
        return .reportFlush
    }

    /// The last response was written: the connection is closed when it is flushed, and the request complete.
    private mutating func endOutput() -> Action {
        if output == .flushed { return closeIfDone() }
        if output == .ended { return .nothing }
        output = .ended
        if input == .head { discardInput(isComplete: true) }
        return reportFlush()
    }

    private mutating func closeIfDone() -> Action {
        output == .flushed && input == .discarded(isComplete: true) ? close() : .nothing
    }

    private mutating func close() -> Action {
        closed()
        return .close
    }
}
