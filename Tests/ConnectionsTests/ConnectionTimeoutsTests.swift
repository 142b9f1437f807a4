import NIOCore
import Testing

@testable import Connections

/// Only time in which the server waits for the client counts.
struct ConnectionTimeoutsTests {
    private var timeouts: ConnectionTimeouts
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    init() {
        var limits = ConnectionLimits()
        limits.idleTimeout = .seconds(60)
        limits.headTimeout = .seconds(30)
        limits.stallTimeout = .seconds(10)
        limits.byteRateMin = 100
        timeouts = ConnectionTimeouts(limits, at: now)
    }

    /// Lets seconds pass, in which the server waits if it has asked, and ticks.
    private mutating func wait(_ seconds: Int64, buffered: Int = 0) -> ConnectionTimeouts.Verdict? {
        now = now + .seconds(seconds)
        return timeouts.tick(at: now, bufferedByteCount: buffered)
    }

    private mutating func receive(_ byteCount: Int) {
        timeouts.bytesArrived(byteCount, at: now)
        timeouts.readAsked(at: now)
    }

    private mutating func beginBody() {
        timeouts.readAsked(at: now)
        receive(10)
        timeouts.headEnded(at: now)
    }

    @Test mutating func idleConnectionIsClosed() {
        timeouts.readAsked(at: now)
        #expect(timeouts.isBetweenRequests)
        #expect(wait(59) == nil)
        #expect(wait(1) == .close)
    }

    @Test mutating func endlessHeadIsRefused() {
        timeouts.readAsked(at: now)
        for _ in 0..<29 {
            receive(1)
            #expect(wait(1) == nil)
        }
        receive(1)
        #expect(wait(1) == .refuse)
    }

    @Test mutating func tricklingBodyIsRefused() {
        beginBody()
        #expect(!timeouts.isBetweenRequests)
        for _ in 0..<9 {
            receive(99)
            #expect(wait(1) == nil)
        }
        receive(99)
        #expect(wait(1) == .refuse)
    }

    @Test mutating func movingBodyHasNoTimeLimit() {
        beginBody()
        for _ in 0..<1000 {
            receive(101)
            #expect(wait(1) == nil)
        }
    }

    @Test mutating func earlierRateDoesNotCount() {
        beginBody()
        receive(1_000_000)
        #expect(wait(10) == nil)
        #expect(wait(10) == .refuse)
    }

    @Test mutating func timeWithoutReadingDoesNotCount() {
        beginBody()
        timeouts.bytesArrived(1, at: now)
        #expect(wait(3600) == nil)
    }

    @Test mutating func answeringHasNoTimeLimit() {
        beginBody()
        timeouts.requestEnded(at: now, isAnswered: false)
        #expect(wait(3600) == nil)
        timeouts.allAnswered(at: now)
        #expect(timeouts.isBetweenRequests)
        #expect(wait(59) == nil)
        #expect(wait(1) == .close)
    }

    @Test mutating func stalledReaderIsClosed() {
        beginBody()
        timeouts.requestEnded(at: now, isAnswered: false)
        timeouts.bytesWritten(100_000)
        #expect(wait(5, buffered: 100_000) == nil)
        #expect(wait(5, buffered: 99_500) == .close)
    }

    @Test mutating func slowReaderIsServed() {
        beginBody()
        timeouts.requestEnded(at: now, isAnswered: false)
        timeouts.bytesWritten(1_000_000)
        for left in stride(from: 999_000, to: 0, by: -1010) {
            #expect(wait(10, buffered: left) == nil)
        }
        #expect(wait(10) == nil)
    }
}
