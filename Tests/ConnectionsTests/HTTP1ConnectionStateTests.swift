import NIOCore
import NIOHTTP1
import Testing

@testable import Connections

/// The effect of one event in each relevant state.
struct HTTP1ConnectionStateTests {
    private var state = HTTP1ConnectionState(ConnectionLimits(), at: .uptimeNanoseconds(1_000_000_000))
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private mutating func head(
        _ version: HTTPVersion = .http1_1,
        uri: String = "/",
        _ fields: [(String, String)] = []
    ) -> HTTP1ConnectionState.Delivery {
        let headers = HTTPHeaders([("host", "edge")] + fields)
        return state.headArrived(HTTPRequestHead(version: version, method: .POST, uri: uri, headers: headers), at: now)
    }

    private mutating func request() {
        #expect(head() == .forward)
        #expect(state.requestEnded(at: now) == .forward)
    }

    private mutating func response(isClosing: Bool = false) -> HTTP1ConnectionState.Action {
        _ = state.responseBegan(isClosing: isClosing)
        return state.responseEnded(at: now)
    }

    static let flaws: [(ConnectionRefusal, HTTPVersion, [(String, String)])] = [
        (.unknownVersion, HTTPVersion(major: 1, minor: 2), []),
        (.hostMissing, .http1_1, [("host", "other")]),
        (.malformedRequest, .http1_0, [("transfer-encoding", "chunked")]),
        (.transferCoding, .http1_1, [("transfer-encoding", "gzip, chunked")]),
        (.malformedRequest, .http1_1, [("content-length", "+1")]),
        (.malformedRequest, .http1_1, [("content-length", "")]),
        (.malformedRequest, .http1_1, [("content-length", "18446744073709551615")]),
        (.contentCoding, .http1_1, [("content-encoding", "identity, br")]),
    ]

    @Test(arguments: flaws)
    mutating func flawedHeadIsRefused(flaw: (ConnectionRefusal, HTTPVersion, [(String, String)])) {
        #expect(head(flaw.1, flaw.2) == .drop(.refuse(flaw.0)))
        #expect(state.contentArrived(10) == .drop(.nothing))
        #expect(state.flushed(at: now) == .closeOutput)
        #expect(state.requestEnded(at: now) == .drop(.close))
    }

    @Test mutating func longTargetIsRefused() {
        #expect(head(uri: "/" + String(repeating: "a", count: 16 << 10)) == .drop(.refuse(.targetTooLong)))
    }

    @Test mutating func refusedHeadGetsNoSignalToContinue() {
        let fields = [("expect", "100-continue"), ("content-encoding", "gzip")]
        #expect(head(.http1_1, fields) == .drop(.refuse(.contentCoding)))
        #expect(state.bodyAsked() == .nothing)
    }

    @Test mutating func signalToContinueIsSentOnceWhenTheBodyIsAsked() {
        #expect(head(.http1_1, [("expect", "100-Continue")]) == .forward)
        #expect(state.bodyAsked() == .writeContinue)
        #expect(state.bodyAsked() == .nothing)
    }

    @Test mutating func signalToContinueIsNotSentWhileAnEarlierRequestIsAnswered() {
        #expect(head(.http1_1, [("expect", "100-continue")]) == .forward)
        #expect(state.requestEnded(at: now) == .forward)
        #expect(head(.http1_1, [("expect", "100-continue")]) == .forward)
        #expect(state.bodyAsked() == .nothing, "it is the body of the first request")
        #expect(response() == .nothing)
        #expect(state.bodyAsked() == .writeContinue)
    }

    @Test(arguments: [("1.0", 0), ("answered", 1), ("sending", 1), ("complete", 1)])
    mutating func clientThatDoesNotWaitGetsNoSignal(reason: String, minor: Int) {
        #expect(head(HTTPVersion(major: 1, minor: minor), [("expect", "100-continue")]) == .forward)
        if reason == "answered" { _ = state.responseBegan(isClosing: false) }
        if reason == "sending" { #expect(state.contentArrived(1) == .forward) }
        if reason == "complete" { #expect(state.requestEnded(at: now) == .forward) }
        #expect(state.bodyAsked() == .nothing)
    }

    @Test mutating func refusalFollowsEarlierAnswers() {
        request()
        request()
        #expect(state.decoderFailed(HTTPParserError.invalidMethod) == .nothing)
        #expect(response() == .nothing)
        #expect(response() == .refuse(.malformedRequest))
    }

    @Test mutating func closingResponsePreventsRefusals() {
        request()
        #expect(state.decoderFailed(HTTPParserError.invalidMethod) == .nothing)
        #expect(response(isClosing: true) == .reportFlush)
    }

    @Test mutating func lastRequestIsAnsweredWithClose() {
        request()
        #expect(head(.http1_0) == .forward)
        #expect(state.requestEnded(at: now) == .forward)
        #expect(state.responseBegan(isClosing: false) == false)
        #expect(state.responseEnded(at: now) == .nothing)
        #expect(state.responseBegan(isClosing: false) == true)
        #expect(state.responseEnded(at: now) == .reportFlush)
    }

    @Test mutating func closingWaitsForTheFlush() {
        #expect(head(.http1_1, [("connection", "close")]) == .forward)
        #expect(state.requestEnded(at: now) == .forward)
        #expect(response() == .reportFlush)
        #expect(state.outputFinished() == .nothing)
        #expect(state.inputEnded() == .nothing)
        #expect(state.quiesce() == .nothing)
        #expect(state.flushed(at: now) == .close)
    }

    @Test mutating func flushOfAnEarlierAnswerDoesNotClose() {
        #expect(head() == .forward)
        #expect(response() == .reportFlush)
        #expect(state.requestEnded(at: now) == .forward)
        #expect(head(.http1_0) == .forward)
        #expect(state.requestEnded(at: now) == .forward)
        #expect(response() == .reportFlush)
        #expect(state.flushed(at: now) == .nothing)
        #expect(state.flushed(at: now) == .close)
    }

    @Test mutating func answeredBodyIsDroppedUntilItEnds() {
        #expect(head() == .forward)
        #expect(response(isClosing: true) == .reportFlush)
        #expect(state.contentArrived(10) == .drop(.nothing))
        #expect(state.flushed(at: now) == .read)
        #expect(state.requestEnded(at: now) == .drop(.close))
    }

    @Test mutating func lingeringEndsWithAPause() {
        #expect(head() == .forward)
        #expect(response(isClosing: true) == .reportFlush)
        #expect(state.flushed(at: now) == .read)
        for second in 1...10 {
            now = now + .seconds(1)
            if second <= 5 { state.bytesArrived(ByteBuffer(repeating: 0x61, count: 1000), at: now) }
            #expect(state.tick(at: now, bufferedByteCount: 0) == (second == 10 ? .close : .nothing))
        }
    }

    @Test mutating func lingeringEndsBelowTheLowestRate() {
        #expect(head() == .forward)
        #expect(response(isClosing: true) == .reportFlush)
        #expect(state.flushed(at: now) == .read)
        for second in 1...5 {
            now = now + .seconds(1)
            state.bytesArrived(ByteBuffer(string: "a"), at: now)
            #expect(state.tick(at: now, bufferedByteCount: 0) == (second == 5 ? .close : .nothing))
        }
    }

    @Test mutating func lingeringHasATimeLimit() {
        #expect(head() == .forward)
        #expect(response(isClosing: true) == .reportFlush)
        #expect(state.flushed(at: now) == .read)
        for second in 1...30 {
            now = now + .seconds(1)
            state.bytesArrived(ByteBuffer(repeating: 0x61, count: 1000), at: now)
            #expect(state.tick(at: now, bufferedByteCount: 0) == (second == 30 ? .close : .nothing))
        }
    }

    @Test mutating func answerToAnEarlierRequestLeavesALaterBodyItsTime() {
        request()
        #expect(head() == .forward)
        #expect(response() == .nothing)
        now = now + .seconds(20)
        #expect(state.tick(at: now, bufferedByteCount: 0) == .nothing)
    }

    @Test mutating func bytesAfterTheLastRequestDelayClosing() {
        #expect(head(.http1_0) == .forward)
        #expect(state.requestEnded(at: now) == .forward)
        state.bytesArrived(ByteBuffer(string: "GET /"), at: now)
        #expect(response() == .reportFlush)
        #expect(state.flushed(at: now) == .read)
        #expect(state.inputEnded() == .close)
    }

    @Test mutating func emptyLineAfterTheLastRequestDoesNotDelayClosing() {
        #expect(head(.http1_0) == .forward)
        #expect(state.requestEnded(at: now) == .forward)
        state.bytesArrived(ByteBuffer(string: "\r\n"), at: now)
        #expect(response() == .reportFlush)
        #expect(state.flushed(at: now) == .close)
    }

    @Test mutating func stoppingServerClosesAfterTheAnswers() {
        request()
        request()
        #expect(state.quiesce() == .nothing)
        #expect(response() == .nothing)
        #expect(response() == .reportFlush)
        #expect(state.flushed(at: now) == .close)
    }

    @Test mutating func slowBodyFailsItsReader() {
        _ = state.readAsked(at: now)
        #expect(head() == .forward)
        now = now + .seconds(60)
        #expect(state.tick(at: now, bufferedByteCount: 0) == .failBody(.tooSlow))
        #expect(state.responseBegan(isClosing: false) == true)
    }

    @Test mutating func slowHeadIsRefused() {
        state.bytesArrived(ByteBuffer(string: "GET"), at: now)
        while state.nextPortion() != nil {}
        _ = state.readAsked(at: now)
        now = now + .seconds(30)
        #expect(state.tick(at: now, bufferedByteCount: 0) == .refuse(.tooSlow))
        #expect(state.isIdle)
    }

    @Test mutating func headsAreDecodedInSmallPortionsUntilTooManyWait() {
        state.bytesArrived(ByteBuffer(repeating: 0x61, count: 3000), at: now)
        #expect(state.nextPortion()?.readableBytes == 1024)
        for _ in 0..<8 { request() }
        #expect(state.nextPortion() == nil)
        #expect(state.readAsked(at: now) == false)
        #expect(state.held.endArrived() == false)
        #expect(response() == .nothing)
        #expect(state.nextPortion()?.readableBytes == 1024)
        #expect(state.held.takeRead() == false)
        #expect(state.held.takeEnd() == false)
        #expect(state.nextPortion()?.readableBytes == 952)
        #expect(state.held.takeRead() == true)
        #expect(state.held.takeEnd() == true)
        #expect(state.held.takeRead() == false)
        #expect(state.held.takeEnd() == false)
    }

    @Test mutating func declaredBodyIsDecodedUpToItsEnd() {
        #expect(head(.http1_1, [("content-length", "100000")]) == .forward)
        state.bytesArrived(ByteBuffer(repeating: 0x61, count: 150_000), at: now)
        #expect(state.nextPortion()?.readableBytes == 100_000)
        #expect(state.contentArrived(100_000) == .forward)
        #expect(state.portionDecoded() == .nothing)
        #expect(state.requestEnded(at: now) == .forward)
        #expect(state.nextPortion()?.readableBytes == 1024)
    }

    @Test mutating func framingWithoutContentIsRefused() {
        #expect(head(.http1_1, [("transfer-encoding", "chunked")]) == .forward)
        state.bytesArrived(ByteBuffer(repeating: 0x61, count: 80_000), at: now)
        #expect(state.nextPortion()?.readableBytes == 65536)
        #expect(state.contentArrived(1) == .forward)
        #expect(state.portionDecoded() == .nothing)
        #expect(state.nextPortion()?.readableBytes == 14_464)
        #expect(state.portionDecoded() == .failBody(.malformedRequest))
    }

    @Test mutating func overlongRequestLineIsDistinguishedFromALongHeader() {
        state.bytesArrived(ByteBuffer(repeating: 0x61, count: 20_000), at: now)
        while state.nextPortion() != nil {}
        #expect(state.decoderFailed(HTTPParserError.headerOverflow) == .refuse(.targetTooLong))
        state = HTTP1ConnectionState(ConnectionLimits(), at: now)
        state.bytesArrived(ByteBuffer(string: "GET / HTTP/1.1\r\n" + String(repeating: "a", count: 20_000)), at: now)
        while state.nextPortion() != nil {}
        #expect(state.decoderFailed(HTTPParserError.headerOverflow) == .refuse(.headTooLong))
    }
}
