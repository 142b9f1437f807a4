import Testing

@testable import ledge

struct BackoffTests {
    private static let lost = UploadFailure.transport(.connectionLost("reset"))

    /// Returns the delays of failures that each follow the delay before.
    private static func pauses(_ failures: [UploadFailure], giveUpAfter: Duration = .seconds(300)) -> [Duration] {
        var backoff = Backoff(giveUpAfter: giveUpAfter)
        var pauses: [Duration] = []
        var now = Duration.seconds(7)
        for failure in failures {
            guard let (pause, _) = backoff.next(after: failure, at: now) else { break }
            pauses.append(pause)
            now += pause
        }
        return pauses
    }

    @Test func delaysDoubleUpToTheMaximum() {
        let pauses = Self.pauses(Array(repeating: Self.lost, count: 7))
        #expect(pauses == [250, 500, 1000, 2000, 4000, 8000, 8000].map { .milliseconds($0) })
    }

    /// The last delay ends with the time, so that an attempt follows it.
    @Test func attemptsEndWithTheTime() {
        let pauses = Self.pauses(Array(repeating: Self.lost, count: 1_000))
        #expect(pauses.reduce(.zero, +) == .seconds(300))
        #expect(Self.pauses([Self.lost], giveUpAfter: .zero) == [])
    }

    @Test func progressResetsTheTime() {
        var backoff = Backoff(giveUpAfter: .seconds(1))
        #expect(backoff.next(after: Self.lost, at: .seconds(5))?.left == .seconds(1))
        #expect(backoff.next(after: Self.lost, at: .seconds(6)) == nil)
        backoff.reset()
        #expect(backoff.next(after: Self.lost, at: .seconds(60))?.pause == .milliseconds(250))
    }

    @Test func delayOfTheServerIsRespected() {
        func busy(_ seconds: Int64) -> UploadFailure {
            .refused(status: 429, message: "", retryAfter: .seconds(seconds))
        }
        let pauses = Self.pauses([busy(20), busy(0), busy(65_535)])
        #expect(pauses == [.seconds(20), .milliseconds(500), .milliseconds(279_500)])
    }

    @Test(arguments: [408, 409, 429, 502, 503, 504, 507])
    func temporaryRefusalsAreRetriedForTheWholeTime(_ status: Int) {
        let pauses = Self.pauses(Array(repeating: .refused(status: status, message: ""), count: 1_000))
        #expect(pauses.reduce(.zero, +) == .seconds(300))
    }

    @Test(arguments: [
        (UploadFailure.refused(status: 400, message: ""), 3), (.transport(.malformedReply("")), 3),
        (.refused(status: 401, message: ""), 0), (.refused(status: 403, message: ""), 0),
        (.refused(status: 404, message: ""), 0), (.refused(status: 413, message: ""), 0), (.unexpectedReply(""), 0),
    ])
    func otherFailuresAreRetriedRarely(_ failure: UploadFailure, _ count: Int) {
        #expect(Self.pauses(Array(repeating: failure, count: 9)).count == count)
    }
}
