import NIOCore
import NIOHTTP1
import Testing

@testable import Connections

/// A client, a decoder and a server around one state machine: offers the events that are possible, and checks the actions.
struct ConnectionModel {
    enum Event: CaseIterable {
        case head, lastHead, flawedHead, expectingHead, bodyAsked, content, end, decoderError, trailingBytes
        case response, closingResponse, responseEnd, finishOutput
        case flush, inputEnd, quiesce, shortTick, longTick
    }

    private(set) var state: HTTP1ConnectionState
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var isInRequest = false
    private var isForwarding = false
    private var isInResponse = false
    /// The client sends nothing before `100 Continue`, or a response.
    private var isWaiting = false
    private var isInputEnded = false
    private var hasDecoderFailed = false
    /// Requests forwarded and not answered.
    private var unansweredCount = 0
    private var pendingFlushCount = 0
    /// Nothing may be forwarded any more.
    private var isInputOver = false
    /// Nothing may be written any more.
    private var isOutputOver = false
    private(set) var isClosed = false
    private(set) var refusals: [ConnectionRefusal] = []

    init(refusal: ConnectionRefusal? = nil) {
        var limits = ConnectionLimits()
        limits.idleTimeout = .seconds(3600)
        state = HTTP1ConnectionState(limits, refusal: refusal, at: now)
        isInputOver = refusal != nil
        check(state.connected())
    }

    func isPossible(_ event: Event) -> Bool {
        guard !isClosed else { return false }
        switch event {
        case .head, .lastHead, .flawedHead, .expectingHead: return !isInRequest && canDecode
        case .bodyAsked: return unansweredCount > 0 && !isInResponse
        case .content, .end: return isInRequest && canDecode
        case .decoderError: return canDecode
        case .trailingBytes: return !isInputEnded && isInputDiscarded
        case .response, .closingResponse: return unansweredCount > 0 && !isInResponse && !isOutputOver
        case .responseEnd: return isInResponse && !isOutputOver
        case .finishOutput: return !isInResponse
        case .flush: return pendingFlushCount > 0
        case .inputEnd: return !isInputEnded
        case .quiesce, .shortTick, .longTick: return true
        }
    }

    /// Whether the decoder may deliver something; the rest of a portion even after the input is discarded.
    private var canDecode: Bool {
        !isInputEnded && !hasDecoderFailed && state.unansweredCount < HTTP1Limits.unansweredCountMax
    }

    private var isInputDiscarded: Bool { if case .discarded = state.input { true } else { false } }

    mutating func take(_ event: Event) {
        switch event {
        case .head, .expectingHead, .lastHead, .flawedHead: head(event)
        case .bodyAsked: check(state.bodyAsked())
        case .content:
            isWaiting = false
            deliver(state.contentArrived(10), endsRequest: false)
        case .end:
            isWaiting = false
            isInRequest = false
            deliver(state.requestEnded(at: now), endsRequest: true)
        case .decoderError:
            hasDecoderFailed = true
            if let action = state.decoderFailed(HTTPParserError.unknown) { check(action) }
        case .trailingBytes: state.bytesArrived(ByteBuffer(string: "trailing"), at: now)
        case .response, .closingResponse: response(isClosing: event == .closingResponse)
        case .responseEnd: responseEnd()
        case .finishOutput:
            check(state.outputFinished())
            isOutputOver = true
        case .flush:
            pendingFlushCount -= 1
            check(state.flushed(at: now))
        case .inputEnd:
            isInputEnded = true
            if isInRequest, !hasDecoderFailed, let action = state.decoderFailed(HTTPParserError.invalidEOFState) {
                check(action)
            }
            if !isClosed { check(state.inputEnded()) }
        case .quiesce: check(state.quiesce())
        case .shortTick, .longTick:
            now = now + (event == .shortTick ? .seconds(1) : .seconds(31))
            check(state.tick(at: now, bufferedByteCount: 0), isTick: true)
        }
        if !state.isOutputEnded { expect(state.unansweredCount == unansweredCount) }
        expect(isClosed == (state.output == .closed))
    }

    private mutating func head(_ event: Event) {
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: ["host": "edge"])
        if event == .lastHead { head.headers.add(name: "connection", value: "close") }
        if event == .flawedHead { head.headers.add(name: "content-encoding", value: "gzip") }
        if event == .expectingHead { head.headers.add(name: "expect", value: "100-continue") }
        isInRequest = true
        switch state.headArrived(head, at: now) {
        case .forward:
            expect(!isInputOver && event != .flawedHead)
            isWaiting = event == .expectingHead
            isForwarding = true
            unansweredCount += 1
            if event == .lastHead { isInputOver = true }
        case .drop(let action):
            isForwarding = false
            isInputOver = true
            check(action)
        }
    }

    private mutating func deliver(_ delivery: HTTP1ConnectionState.Delivery, endsRequest: Bool) {
        switch delivery {
        case .forward: expect(isForwarding && !isOutputOver)
        case .drop(let action):
            expect(!isForwarding || isOutputOver)
            check(action)
        }
        if endsRequest { isForwarding = false }
    }

    private mutating func response(isClosing: Bool) {
        isInResponse = true
        if unansweredCount == 1 { isWaiting = false }
        let closes = state.responseBegan(isClosing: isClosing)
        // Only the response to the last forwarded request ends the connection.
        if closes { expect(unansweredCount == 1 && isInputOver) }
        if isClosing || closes { isInputOver = isInputOver || !isForwarding }
    }

    private mutating func responseEnd() {
        isInResponse = false
        unansweredCount -= 1
        let isLast = state.output == .last
        check(state.responseEnded(at: now))
        if isLast { isOutputOver = true }
    }

    private mutating func check(_ action: HTTP1ConnectionState.Action, isTick: Bool = false) {
        expect(!isClosed)
        switch action {
        case .nothing, .read: break
        case .refuse(let refusal):
            expect(unansweredCount == 0 && !isInResponse && !isOutputOver)
            refusals.append(refusal)
            expect(refusals.count == 1)
            isOutputOver = true
            isInputOver = true
            pendingFlushCount += 1
        case .failBody:
            expect(isForwarding && unansweredCount > 0)
            isForwarding = false
            isInputOver = true
        case .reportFlush: pendingFlushCount += 1
        case .writeContinue:
            // Once, to the client that waits, and in no response.
            expect(isWaiting && isForwarding && unansweredCount == 1 && !isInResponse && !isOutputOver)
            isWaiting = false
        case .closeOutput: expect(pendingFlushCount == 0)
        case .close:
            // Only a timeout may lose what is not flushed.
            expect(isTick || pendingFlushCount == 0)
            isClosed = true
        }
        if state.isOutputEnded { isOutputOver = true }
    }

    /// Records what is violated; cheaper than `#expect` where it holds millions of times.
    private func expect(_ isKept: Bool, line: Int = #line) {
        if !isKept { Issue.record("line \(line) with \(state)") }
    }

    /// Answers all that is due, and ends both directions.
    mutating func finish() {
        for event in [Event.responseEnd, .inputEnd] where isPossible(event) { take(event) }
        while isPossible(.response) {
            take(.response)
            take(.responseEnd)
        }
        if isPossible(.finishOutput) { take(.finishOutput) }
        while isPossible(.flush) { take(.flush) }
    }
}
