import NIOCore
import Testing

@testable import API

/// A client is blamed for the time the server waits for it, and for nothing else.
struct PatienceTests {
    private var patience: Patience
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    init() {
        var limits = ConnectionLimits()
        limits.idleTimeout = .seconds(60)
        limits.headTimeout = .seconds(30)
        limits.stallTimeout = .seconds(10)
        limits.byteRateMin = 100
        patience = Patience(limits, at: now)
    }

    /// Lets seconds pass, in which the server waits where it has asked, and looks at the clock.
    private mutating func wait(_ seconds: Int64, buffered: Int = 0) -> Patience.Verdict? {
        now = now + .seconds(seconds)
        return patience.tick(at: now, bufferedByteCount: buffered)
    }

    private mutating func receive(_ byteCount: Int) {
        patience.receive(byteCount, at: now)
        patience.ask(at: now)
    }

    private mutating func beginBody() {
        patience.ask(at: now)
        receive(10)
        patience.headEnded(at: now)
    }

    @Test mutating func anIdleConnectionIsClosed() {
        patience.ask(at: now)
        #expect(patience.isIdle)
        #expect(wait(59) == nil)
        #expect(wait(1) == .close)
    }

    @Test mutating func aHeadThatNeverEndsIsRefused() {
        patience.ask(at: now)
        for _ in 0..<29 {
            receive(1)
            #expect(wait(1) == nil)
        }
        receive(1)
        #expect(wait(1) == .refuse)
    }

    @Test mutating func aBodyThatTricklesIsRefused() {
        beginBody()
        #expect(!patience.isIdle)
        for _ in 0..<9 {
            receive(99)
            #expect(wait(1) == nil)
        }
        receive(99)
        #expect(wait(1) == .refuse)
    }

    @Test mutating func aBodyMayTakeAsLongAsItMoves() {
        beginBody()
        for _ in 0..<1000 {
            receive(101)
            #expect(wait(1) == nil)
        }
    }

    @Test mutating func aSpeedOfLongAgoDoesNotCount() {
        beginBody()
        receive(1_000_000)
        #expect(wait(10) == nil)
        #expect(wait(10) == .refuse)
    }

    @Test mutating func aServerThatDoesNotReadBlamesNobody() {
        beginBody()
        patience.receive(1, at: now)
        #expect(wait(3600) == nil)
    }

    @Test mutating func aRequestMayBeAnsweredAsLongAsThatTakes() {
        beginBody()
        patience.requestEnded(at: now)
        #expect(wait(3600) == nil)
        patience.responseEnded(at: now)
        #expect(patience.isIdle)
        #expect(wait(59) == nil)
        #expect(wait(1) == .close)
    }

    @Test mutating func aReaderThatStopsIsClosed() {
        beginBody()
        patience.requestEnded(at: now)
        patience.write(100_000)
        #expect(wait(5, buffered: 100_000) == nil)
        #expect(wait(5, buffered: 99_500) == .close)
    }

    @Test mutating func aReaderMayBeSlow() {
        beginBody()
        patience.requestEnded(at: now)
        patience.write(1_000_000)
        for left in stride(from: 999_000, to: 0, by: -1010) {
            #expect(wait(10, buffered: left) == nil)
        }
        #expect(wait(10) == nil)
    }
}
